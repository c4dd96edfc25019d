//! The frozen subset `cedar-1`, checked on Cedar's own JSON form of a guard, and what a guard mentions.

use super::words::words;
use crate::model::Layout;
use serde_json::Value;
use std::collections::BTreeSet;

/// A path such as `context`, `claim`, `hits`.
pub(crate) type Path = Vec<String>;

/// What the scope and the conditions of one guard say.
pub(crate) struct Seen {
    /// True for `permit`.
    pub(crate) permit: bool,
    /// The role of `principal in Role::"…"`; `None` for any principal.
    pub(crate) role: Option<String>,
    /// The steps of the action scope; `None` for any action.
    pub(crate) steps: Option<Vec<String>>,
    /// True when it has a `when` or an `unless`.
    pub(crate) conditional: bool,
    /// Its conditions in English.
    pub(crate) words: Option<String>,
    /// Attribute paths read, rooted at `context` or `resource`.
    pub(crate) mentions: BTreeSet<Path>,
    /// Entities named in conditions, as type and id.
    pub(crate) entities: BTreeSet<(String, String)>,
}

/// Walks one guard in Cedar's JSON form. The error says what lies outside the subset.
pub(crate) fn see(json: &Value) -> Result<Seen, String> {
    let mut seen = Seen {
        permit: json.get("effect").and_then(Value::as_str) == Some("permit"),
        role: principal(json.get("principal"))?,
        steps: action(json.get("action"))?,
        conditional: false,
        words: words(json),
        mentions: BTreeSet::new(),
        entities: BTreeSet::new(),
    };
    if json.pointer("/resource/op").and_then(Value::as_str) != Some("All") {
        return Err("scopes its resource: expected `resource` alone, for every case".to_owned());
    }
    if let Some(Value::Object(annotations)) = json.get("annotations")
        && let Some(other) = annotations.keys().find(|key| key.as_str() != "id")
    {
        return Err(format!("has the annotation `@{other}`: expected `@id` or none"));
    }
    for condition in json.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        seen.conditional = true;
        seen.expression(condition.get("body").unwrap_or(&Value::Null))?;
    }
    Ok(seen)
}

fn principal(scope: Option<&Value>) -> Result<Option<String>, String> {
    let scope = scope.unwrap_or(&Value::Null);
    match (scope.get("op").and_then(Value::as_str), scope.get("entity").and_then(entity)) {
        (Some("All"), _) => Ok(None),
        (Some("in"), Some((kind, id))) if kind == "Role" => Ok(Some(id)),
        _ => Err("scopes its principal: expected `principal` or `principal in Role::\"…\"`".to_owned()),
    }
}

fn action(scope: Option<&Value>) -> Result<Option<Vec<String>>, String> {
    let scope = scope.unwrap_or(&Value::Null);
    let one = scope.get("entity").and_then(entity);
    let many = scope.get("entities").and_then(Value::as_array);
    let many = many.map(|all| all.iter().map(entity).collect::<Option<Vec<_>>>());
    let named = match (scope.get("op").and_then(Value::as_str), one, many) {
        (Some("All"), _, _) => return Ok(None),
        (Some("=="), Some(step), _) => Some(vec![step]),
        (Some("in"), None, Some(steps)) => steps,
        _ => None,
    };
    let named = named.filter(|steps| steps.iter().all(|(kind, _)| kind == "Action"));
    let Some(named) = named else {
        return Err(
            "scopes its action: expected `action`, `action == Action::\"…\"` or `action in [Action::\"…\"]`"
                .to_owned(),
        );
    };
    Ok(Some(named.into_iter().map(|(_, id)| id).collect()))
}

fn entity(value: &Value) -> Option<(String, String)> {
    let text = |key| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Some((text("type")?, text("id")?))
}

impl Seen {
    /// True when the guard's scope takes in a step.
    pub(crate) fn covers(&self, step: &str) -> bool {
        self.steps.as_ref().is_none_or(|steps| steps.iter().any(|name| name == step))
    }

    /// True when a holder of `role` is in the guard's scope.
    pub(crate) fn reaches(&self, role: &str) -> bool {
        self.role.as_deref().is_none_or(|name| name == role)
    }

    /// The entities named that the layout does not know, in words.
    pub(crate) fn unknown(&self, layout: &Layout) -> Vec<(&'static str, String)> {
        let roles = self.role.iter().map(|id| ("Role", id.as_str()));
        let steps = self.steps.iter().flatten().map(|id| ("Action", id.as_str()));
        let inside = self.entities.iter().map(|(kind, id)| (kind.as_str(), id.as_str()));
        let unknown = roles.chain(steps).chain(inside).filter_map(|(kind, id)| match kind {
            "Role" if layout.role(id).is_none() => Some(("unknown-role", format!("`{id}` is not a role"))),
            "Action" if layout.step(id).is_none() => Some(("unknown-step", format!("`{id}` is not a step"))),
            _ => None,
        });
        unknown.collect()
    }

    /// One expression of the JSON form: an object with one key, the operator.
    fn expression(&mut self, expression: &Value) -> Result<(), String> {
        let Some((operator, parts)) = expression.as_object().and_then(|object| object.iter().next()) else {
            return Err("has an expression of no known form".to_owned());
        };
        match operator.as_str() {
            "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "+" | "-" | "*" | "in" | "contains"
            | "containsAll" | "containsAny" => {
                self.expression(parts.get("left").unwrap_or(&Value::Null))?;
                self.expression(parts.get("right").unwrap_or(&Value::Null))
            }
            "!" | "neg" => self.expression(parts.get("arg").unwrap_or(&Value::Null)),
            "like" => self.expression(parts.get("left").unwrap_or(&Value::Null)),
            "Var" | "." | "has" => self.path(expression),
            "Value" => self.literal(parts),
            "Set" => parts.as_array().into_iter().flatten().try_for_each(|item| self.expression(item)),
            "Record" => {
                parts.as_object().into_iter().flatten().try_for_each(|(_, item)| self.expression(item))
            }
            other => Err(format!("uses `{other}`, which `cedar-1` does not have")),
        }
    }

    /// A variable and the attributes read from it. The whole path counts as one mention; the bare variable
    /// mentions everything beneath it.
    fn path(&mut self, expression: &Value) -> Result<(), String> {
        let mut attributes: Path = Vec::new();
        let mut rest = expression;
        loop {
            if let Some(variable) = rest.get("Var").and_then(Value::as_str) {
                if matches!(variable, "context" | "resource") {
                    attributes.push(variable.to_owned());
                    attributes.reverse();
                    self.mentions.insert(attributes);
                }
                return Ok(());
            }
            let Some(access) = rest.get(".").or_else(|| rest.get("has")) else {
                return self.expression(rest);
            };
            let attribute = access.get("attr").and_then(Value::as_str);
            attributes.push(attribute.ok_or("has an attribute of no known form")?.to_owned());
            rest = access.get("left").unwrap_or(&Value::Null);
        }
    }

    fn literal(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Bool(_) | Value::String(_) => Ok(()),
            Value::Number(number) if number.is_i64() => Ok(()),
            Value::Array(items) => items.iter().try_for_each(|item| self.literal(item)),
            Value::Object(fields) => {
                match (fields.get("__entity").and_then(entity), fields.contains_key("__extn")) {
                    (Some((kind, id)), _) if matches!(kind.as_str(), "Role" | "Action" | "Party") => {
                        self.entities.insert((kind, id));
                        Ok(())
                    }
                    (Some((kind, _)), _) => Err(format!("names an entity of type `{kind}`")),
                    (None, true) => Err("uses an extension value, which `cedar-1` does not have".to_owned()),
                    (None, false) => fields.values().try_for_each(|field| self.literal(field)),
                }
            }
            _ => Err("has a literal of no known form".to_owned()),
        }
    }
}
