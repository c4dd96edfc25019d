//! SPDX licence expressions, as far as crates use them: names, `OR`, `AND`, `WITH`, brackets, and the old
//! `/`.

/// Licences under which code may be linked here.
const ACCEPTED: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// True when the expression lets us choose accepted licences only. What cannot be read is not accepted.
pub fn is_accepted(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().collect::<Vec<_>>().into_iter().peekable();
    let accepted = any_of(&mut tokens);
    accepted == Some(true) && tokens.next().is_none()
}

type Tokens<'a> = std::iter::Peekable<std::vec::IntoIter<&'a str>>;

fn any_of(tokens: &mut Tokens<'_>) -> Option<bool> {
    let mut accepted = all_of(tokens)?;
    while tokens.next_if_eq(&"OR").is_some() {
        accepted |= all_of(tokens)?;
    }
    Some(accepted)
}

fn all_of(tokens: &mut Tokens<'_>) -> Option<bool> {
    let mut accepted = one(tokens)?;
    while tokens.next_if_eq(&"AND").is_some() {
        accepted &= one(tokens)?;
    }
    Some(accepted)
}

fn one(tokens: &mut Tokens<'_>) -> Option<bool> {
    let token = tokens.next()?;
    if token == "(" {
        let accepted = any_of(tokens)?;
        return tokens.next_if_eq(&")").map(|_| accepted);
    }
    if tokens.next_if_eq(&"WITH").is_some() {
        // An exception only ever permits more than the licence alone.
        tokens.next()?;
    }
    Some(ACCEPTED.contains(&token))
}
