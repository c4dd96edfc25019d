//! What needs a parser: lengths of functions, parameters, names, `#[ignore]`, `todo!`, tests beside code.

use super::glossary::{Refused, words_of};
use super::{FUNCTION_LINES_MAX, PARAMETERS_MAX, TYPE_PARAMETERS_MAX};
use crate::files::SourceFile;
use crate::finding::Finding;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// Function names that say nothing (CONTRIBUTING.md).
const BARE_FUNCTIONS: [&str; 2] = ["process", "handle"];
/// Macros that stand for code that is not there.
const UNFINISHED_MACROS: [&str; 2] = ["todo", "unimplemented"];

/// Findings in one Rust file.
pub fn check(file: &SourceFile, refused: &[Refused]) -> Vec<Finding> {
    let mut visitor = Visitor { file, refused, found: Vec::new() };
    if file.name() == "mod.rs" {
        let text = "a module is `foo.rs` beside its folder, not `foo/mod.rs`".to_owned();
        visitor.found.push(Finding::of_file(&file.path, "mod-rs", text));
    }
    visitor.check_name(file.name().trim_end_matches(".rs"), None);
    match syn::parse_file(&file.text) {
        Ok(parsed) => visitor.visit_file(&parsed),
        Err(error) => visitor.report("syntax", error.span(), "", format!("does not parse: {error}")),
    }
    visitor.found
}

struct Visitor<'a> {
    file: &'a SourceFile,
    refused: &'a [Refused],
    found: Vec<Finding>,
}

impl Visitor<'_> {
    fn report(&mut self, rule: &'static str, span: Span, item: &str, text: String) {
        let path = self.file.path.clone();
        self.found.push(Finding { path, line: span.start().line, rule, item: item.to_owned(), text });
    }

    /// Types, traits, modules and files; functions and fields may use any word.
    fn check_name(&mut self, name: &str, span: Option<Span>) {
        let words = words_of(name);
        for Refused { word, instead } in self.refused {
            if words.contains(word) {
                let text = format!("the name `{name}` has the refused word `{word}`: say {instead}");
                let mut finding = Finding::of_file(&self.file.path, "name", text);
                finding.line = span.map_or(0, |span| span.start().line);
                name.clone_into(&mut finding.item);
                self.found.push(finding);
            }
        }
    }

    fn check_generics(&mut self, generics: &syn::Generics, name: &syn::Ident) {
        let found = generics.type_params().count();
        if found > TYPE_PARAMETERS_MAX {
            let text = format!("`{name}` has at most {TYPE_PARAMETERS_MAX} type parameters, found {found}");
            self.report("type-parameters", name.span(), &name.to_string(), text);
        }
    }

    fn check_signature(&mut self, signature: &syn::Signature) {
        let name = &signature.ident;
        self.check_generics(&signature.generics, name);
        let typed = |input: &&syn::FnArg| matches!(input, syn::FnArg::Typed(_));
        let found = signature.inputs.iter().filter(typed).count();
        if found > PARAMETERS_MAX {
            let text = format!("`{name}` takes at most {PARAMETERS_MAX} parameters, found {found}");
            self.report("parameters", name.span(), &name.to_string(), text);
        }
        if BARE_FUNCTIONS.iter().any(|bare| name == bare) {
            let text = format!("`{name}` does not say what it does");
            self.report("name", name.span(), &name.to_string(), text);
        }
    }

    fn check_body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        self.check_signature(signature);
        let (first, last) = (signature.span().start().line, block.span().end().line);
        let length = last.saturating_sub(first) + 1;
        if length > FUNCTION_LINES_MAX {
            let name = signature.ident.to_string();
            let text = format!("`{name}` has at most {FUNCTION_LINES_MAX} lines, found {length}");
            self.report("function-lines", signature.span(), &name, text);
        }
    }

    fn check_ignore(&mut self, name: &str, span: Span) {
        if name == "ignore" {
            self.report("ignored-test", span, "", "a test runs, or is taken out".to_owned());
        }
    }

    fn check_macro(&mut self, name: &str, span: Span) {
        if UNFINISHED_MACROS.contains(&name) {
            self.report("unfinished", span, name, format!("`{name}!` stands for code that is missing"));
        }
    }

    /// The inside of a macro call is tokens only: `proptest! { #[ignore] fn … { todo!() } }`.
    fn check_tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for pair in trees.windows(2) {
            match pair {
                [TokenTree::Ident(name), TokenTree::Punct(mark)] if mark.as_char() == '!' => {
                    self.check_macro(&name.to_string(), name.span());
                }
                [TokenTree::Punct(hash), TokenTree::Group(group)]
                    if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
                {
                    let name = group.stream().into_iter().next();
                    self.check_ignore(&name.map_or_else(String::new, |n| n.to_string()), group.span());
                }
                _ => {}
            }
        }
        for tree in trees {
            if let TokenTree::Group(group) = tree {
                self.check_tokens(group.stream());
            }
        }
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.check_body(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.check_body(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        match &item.default {
            Some(block) => self.check_body(&item.sig, block),
            None => self.check_signature(&item.sig),
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.check_name(&item.ident.to_string(), Some(item.ident.span()));
        self.check_generics(&item.generics, &item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.check_name(&item.ident.to_string(), Some(item.ident.span()));
        self.check_generics(&item.generics, &item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.check_name(&item.ident.to_string(), Some(item.ident.span()));
        self.check_generics(&item.generics, &item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.check_name(&item.ident.to_string(), Some(item.ident.span()));
        self.check_generics(&item.generics, &item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.to_string();
        if item.content.is_some() {
            self.check_name(&name, Some(item.ident.span()));
            if name == "tests" || name == "test" {
                let text = "tests stand in `foo/tests.rs`, not beside the code".to_owned();
                self.report("inline-tests", item.ident.span(), &name, text);
            }
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let name = attribute.path().get_ident().map_or_else(String::new, ToString::to_string);
        self.check_ignore(&name, attribute.span());
        visit::visit_attribute(self, attribute);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = call.path.segments.last().map_or_else(String::new, |segment| segment.ident.to_string());
        self.check_macro(&name, call.span());
        self.check_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}
