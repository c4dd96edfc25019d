//! `docs/cli.md`, read back.

use super::line::Written;
use std::collections::BTreeMap;

/// The one option with a short form.
const OUT_IN_SHORT: &str = "-o";

/// One command.
#[derive(Debug, Default)]
struct Known {
    /// Options, and whether each takes a value.
    options: BTreeMap<String, bool>,
    /// Options without which the command does nothing.
    required: Vec<String>,
    /// Places without a name that must be filled, and the most that can be; none: any number.
    places: (usize, Option<usize>),
}

/// All commands, by their words.
#[derive(Debug, Default)]
pub struct Reference {
    commands: BTreeMap<Vec<String>, Known>,
    /// Options that every command takes.
    everywhere: BTreeMap<String, bool>,
}

impl Reference {
    /// Reads what `lockstep docs` prints.
    pub fn parse(text: &str) -> Self {
        let mut reference = Self::default();
        let mut current: Option<Vec<String>> = None;
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                let named = title.strip_prefix("`lockstep ").and_then(|rest| rest.strip_suffix('`'));
                current = named.map(|name| name.split(' ').map(str::to_owned).collect());
                let begun = current.iter().cloned().map(|path| (path, Known::default()));
                reference.commands.extend(begun);
            } else if let Some((name, takes)) = option(line) {
                let known = current.as_ref().and_then(|path| reference.commands.get_mut(path));
                known.map_or(&mut reference.everywhere, |known| &mut known.options).insert(name, takes);
            } else if let Some(path) = &current {
                let usage = line.strip_prefix("lockstep ");
                let known = reference.commands.get_mut(path);
                usage.zip(known).into_iter().for_each(|(usage, known)| known.read_usage(usage, path.len()));
            }
        }
        reference
    }

    /// True when nothing was found.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Why there is no such command; none when there is.
    pub fn refuses(&self, written: &Written) -> Option<String> {
        // Options of every command may stand before it.
        let words = self.without_first_options(&written.words);
        let longest = (1..=words.len()).rev().find(|n| {
            let path = words.get(..*n).unwrap_or_default();
            self.commands.contains_key(path)
        });
        let Some(length) = longest else { return self.refuses_beginning(written, words) };
        let (path, rest) = words.split_at(length);
        let known = self.commands.get(path)?;
        self.refuses_rest(known, rest, written.whole)
    }

    /// A group of commands may be named in a sentence: `lockstep chain`.
    fn refuses_beginning(&self, written: &Written, words: &[String]) -> Option<String> {
        let begins = self.commands.keys().any(|path| path.starts_with(words));
        (written.whole || !begins).then(|| "there is no such command".to_owned())
    }

    fn without_first_options<'a>(&self, mut words: &'a [String]) -> &'a [String] {
        while let Some((first, rest)) = words.split_first() {
            let Some(takes) = self.everywhere.get(first) else { break };
            words = if *takes { rest.get(1..).unwrap_or_default() } else { rest };
        }
        words
    }

    fn refuses_rest(&self, known: &Known, rest: &[String], whole: bool) -> Option<String> {
        let (mut named, mut places) = (Vec::new(), 0);
        let mut words = rest.iter().peekable();
        while let Some(word) = words.next() {
            let word = if word == OUT_IN_SHORT { "--out" } else { word.as_str() };
            let Some(option) = word.strip_prefix("--") else {
                // What a shell puts in place of a variable may be several words.
                let unknown = word.starts_with('$') || word.starts_with('…') || word.starts_with('[');
                places += usize::from(!unknown);
                continue;
            };
            let (name, value) = option.split_once('=').map_or((option, false), |(name, _)| (name, true));
            let name = format!("--{name}");
            let Some(takes) = known.options.get(&name).or_else(|| self.everywhere.get(&name)) else {
                return Some(format!("there is no option `{name}`"));
            };
            let follows = words.peek().is_some_and(|next| !next.starts_with("--"));
            if *takes && !value && follows {
                words.next();
            } else if *takes && !value && whole {
                return Some(format!("`{name}` takes a value"));
            }
            named.push(name);
        }
        let (mut least, mut most) = known.places;
        if named.iter().any(|name| name == "--server") {
            // It stands in place of the folder.
            (least, most) = (least.saturating_sub(1), most.map(|most| most.saturating_sub(1)));
        }
        if most.is_some_and(|most| places > most) {
            return Some(format!("it takes at most {} names, found {places}", most.unwrap_or_default()));
        }
        let variable = rest.iter().any(|word| word.starts_with('$'));
        if !whole || variable {
            return None;
        }
        if places < least {
            return Some(format!("it takes {least} names, found {places}"));
        }
        let missing = known.required.iter().find(|name| !named.contains(name));
        missing.map(|name| format!("`{name}` is missing"))
    }
}

impl Known {
    /// `verb DIR [CASE] --as KEY`: what must be there.
    fn read_usage(&mut self, usage: &str, path: usize) {
        let mut words = usage.split(' ').skip(path).peekable();
        let (mut least, mut most) = (0, Some(0));
        while let Some(word) = words.next() {
            if word.starts_with("--") {
                self.required.push(word.to_owned());
                // Its value stands behind it.
                words.next_if(|next| !next.starts_with("--"));
                continue;
            }
            most = if word.contains('…') { None } else { most.map(|most| most + 1) };
            least += usize::from(!word.starts_with('['));
        }
        self.places = (least, most);
    }
}

/// The name of an option in its line, and whether it takes a value: ``* `--cost N`: …``.
fn option(line: &str) -> Option<(String, bool)> {
    let (code, _) = line.strip_prefix("* `--")?.split_once('`')?;
    let (name, value) = code.split_once(' ').map_or((code, false), |(name, _)| (name, true));
    Some((format!("--{name}"), value))
}
