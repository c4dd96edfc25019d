//! When two names count as the same: normalisation version 1.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Names this normalisation; another one gets another name.
pub const NORMALISATION: &str = "lockstep-name/1";

/// A name as its sorted words; nothing when it holds no letter and no digit.
///
/// In this order: apostrophes and their like dropped (`O'BRIEN` is `OBRIEN`); Unicode compatibility
/// decomposition (NFKD); combining marks dropped (`É` is `E`); upper case (`ß` is `SS`); letters that Unicode
/// does not decompose, by a table (`Ø` `O`, `Ł` `L`, `Æ` `AE`, …); every other character that is neither
/// letter nor digit is a space; the words sorted, one space between them. So the order of the words does not
/// matter: `LAST, First` is `First Last`, and also every other order of these words.
#[must_use]
pub fn normalise(name: &str) -> Option<String> {
    let mut plain = String::with_capacity(name.len());
    for decomposed in name.chars().filter(|c| !is_apostrophe(*c)).nfkd().filter(|c| !is_combining_mark(*c)) {
        for upper in decomposed.to_uppercase() {
            match plain_letters(upper) {
                Some(letters) => plain.push_str(letters),
                None if upper.is_alphanumeric() => plain.push(upper),
                None => plain.push(' '),
            }
        }
    }
    let mut words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Apostrophe, grave and acute accent as characters of their own, single quotation marks, prime, modifier
/// letters.
const fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '\u{b4}' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{2b9}'..='\u{2bf}'
    )
}

/// Letters that NFKD leaves whole though a Latin spelling without marks is usual.
const fn plain_letters(upper: char) -> Option<&'static str> {
    Some(match upper {
        'Æ' => "AE",
        'Ð' | 'Đ' => "D",
        'Ħ' => "H",
        'Ł' => "L",
        'Ø' => "O",
        'Œ' => "OE",
        'Þ' => "TH",
        'Ŧ' => "T",
        _ => return None,
    })
}
