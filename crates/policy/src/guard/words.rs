//! A guard's condition in English, for those who sign off a process.

use serde_json::Value;

/// How tightly a phrase holds together; a looser one inside a tighter one is put in brackets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tie {
    Or,
    And,
    Relation,
    Sum,
    Product,
    One,
}

/// The conditions of a guard in Cedar's JSON form, or nothing when it has none.
pub(crate) fn words(guard: &Value) -> Option<String> {
    let conditions = guard.get("conditions").and_then(Value::as_array)?;
    let alone = if conditions.len() == 1 { Tie::Or } else { Tie::And };
    let phrases: Vec<String> = conditions.iter().map(|one| condition(one, alone)).collect();
    (!phrases.is_empty()).then(|| phrases.join(" and "))
}

fn condition(condition: &Value, needed: Tie) -> String {
    let (text, tie) = truth(condition.get("body").unwrap_or(&Value::Null));
    match condition.get("kind").and_then(Value::as_str) {
        Some("unless") => format!("not ({text})"),
        _ => bracket(text, tie, needed),
    }
}

/// An expression that is true or false.
fn truth(expression: &Value) -> (String, Tie) {
    if let Some(path) = path(expression) {
        return (format!("{path} is true"), Tie::Relation);
    }
    phrase(expression)
}

fn phrase(expression: &Value) -> (String, Tie) {
    if let Some(path) = path(expression) {
        return (path, Tie::One);
    }
    let Some((operator, parts)) = expression.as_object().and_then(|object| object.iter().next()) else {
        return (String::new(), Tie::One);
    };
    let part = |name: &str| parts.get(name).unwrap_or(&Value::Null);
    let (left, right) = (part("left"), part("right"));
    match operator.as_str() {
        "||" => pair(truth(left), "or", truth(right), Tie::Or),
        "&&" => pair(truth(left), "and", truth(right), Tie::And),
        "==" => pair(phrase(left), "is", phrase(right), Tie::Relation),
        "!=" => pair(phrase(left), "is not", phrase(right), Tie::Relation),
        "<" => pair(phrase(left), "is less than", phrase(right), Tie::Relation),
        "<=" => pair(phrase(left), "is at most", phrase(right), Tie::Relation),
        ">" => pair(phrase(left), "is more than", phrase(right), Tie::Relation),
        ">=" => pair(phrase(left), "is at least", phrase(right), Tie::Relation),
        "in" => pair(phrase(left), "is in", phrase(right), Tie::Relation),
        "contains" => pair(phrase(left), "contains", phrase(right), Tie::Relation),
        "containsAll" => pair(phrase(left), "contains all of", phrase(right), Tie::Relation),
        "containsAny" => pair(phrase(left), "contains any of", phrase(right), Tie::Relation),
        "+" => pair(phrase(left), "plus", phrase(right), Tie::Sum),
        "-" => pair(phrase(left), "minus", phrase(right), Tie::Sum),
        "*" => pair(phrase(left), "times", phrase(right), Tie::Product),
        "!" => (format!("not ({})", truth(part("arg")).0), Tie::One),
        "neg" => (format!("minus ({})", phrase(part("arg")).0), Tie::One),
        "like" => (format!("{} matches `{}`", phrase(left).0, pattern(part("pattern"))), Tie::Relation),
        "has" => {
            (format!("{} has {}", phrase(left).0, part("attr").as_str().unwrap_or_default()), Tie::Relation)
        }
        "Value" => (literal(parts), Tie::One),
        "Set" => {
            let items: Vec<String> =
                parts.as_array().into_iter().flatten().map(|item| phrase(item).0).collect();
            (format!("any of {}", items.join(", ")), Tie::One)
        }
        // Records and bare variables: rare, and clearer as Cedar writes them than in any words of ours.
        _ => (expression.to_string(), Tie::One),
    }
}

fn pair(left: (String, Tie), word: &str, right: (String, Tie), tie: Tie) -> (String, Tie) {
    // The right side of `minus` and `times` needs brackets even at the same tie.
    let tighter = if tie == Tie::Sum { Tie::Product } else { tie };
    (format!("{} {word} {}", bracket(left.0, left.1, tie), bracket(right.0, right.1, tighter)), tie)
}

fn bracket(text: String, found: Tie, needed: Tie) -> String {
    if found < needed { format!("({text})") } else { text }
}

/// `context.step.reserve.balance` as “the balance of “reserve””.
fn path(expression: &Value) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut rest = expression;
    while let Some(access) = rest.get(".") {
        names.push(access.get("attr")?.as_str()?);
        rest = access.get("left")?;
    }
    names.push(rest.get("Var")?.as_str()?);
    names.reverse();
    let plain = |name: &str| name.replace('_', " ");
    match names.as_slice() {
        ["context", "claim", claim] => Some(format!("its {}", plain(claim))),
        ["context", "step", step, claim] => Some(format!("the {} of “{step}”", plain(claim))),
        ["context", "list", list] => Some(format!("the list {}", plain(list))),
        ["context", "ledger"] => Some("this ledger".to_owned()),
        ["resource", param] => Some(format!("the {} of the case", plain(param))),
        ["principal", "lei"] => Some("the party's LEI".to_owned()),
        ["principal"] => Some("the party".to_owned()),
        _ => None,
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("any of {}", items.join(", "))
        }
        Value::Object(fields) => {
            let entity = fields.get("__entity");
            let text =
                |key| entity.and_then(|entity| entity.get(key)).and_then(Value::as_str).unwrap_or_default();
            format!("{} {}", text("type").to_lowercase(), text("id"))
        }
        other => other.to_string(),
    }
}

/// A `like` pattern: letters, and `*` for anything.
fn pattern(value: &Value) -> String {
    let parts = value.as_array().into_iter().flatten();
    parts.map(|part| part.get("Literal").and_then(Value::as_str).unwrap_or("*").to_owned()).collect()
}
