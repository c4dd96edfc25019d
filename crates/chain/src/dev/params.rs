//! Parameters, which stand in a list, one after the other.

use super::error::RpcError;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Those of one request, read from the first to the last.
pub struct Params<'a> {
    method: &'a str,
    rest: std::vec::IntoIter<Value>,
    read: usize,
}

impl<'a> Params<'a> {
    /// # Errors
    /// [`RpcError::Params`] when they stand in no list.
    pub fn new(method: &'a str, params: Value) -> Result<Self, RpcError> {
        let list = match params {
            Value::Null => Vec::new(),
            Value::Array(list) => list,
            _ => return Err(RpcError::Params { what: format!("`{method}` takes a list") }),
        };
        Ok(Self { method, rest: list.into_iter(), read: 0 })
    }

    /// The next one, which must be there.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, RpcError> {
        let found = self.optional(name)?;
        let missing = || format!("`{}` expects `{name}` at place {}", self.method, self.read);
        found.ok_or_else(|| RpcError::Params { what: missing() })
    }

    /// The next one; `null` stands for none.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, RpcError> {
        self.read = self.read.saturating_add(1);
        let value = self.rest.next().filter(|value| !value.is_null());
        let refused = |error: serde_json::Error| RpcError::Params {
            what: format!("`{name}` of `{}`: {}", self.method, super::error::shown(&error.to_string())),
        };
        value.map(serde_json::from_value).transpose().map_err(refused)
    }

    /// No other one.
    pub fn end(mut self) -> Result<(), RpcError> {
        if self.rest.all(|value| value.is_null()) {
            return Ok(());
        }
        Err(RpcError::Params { what: format!("`{}` takes {} at most", self.method, self.read) })
    }
}
