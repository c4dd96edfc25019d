//! Amounts as banks write them: `01.00`, `1` or `1.5`, with the currency beside it.

use super::error::cut;
use lockstep_types::money::MoneyError;
use lockstep_types::{Currency, Money};
use serde::Serialize;

/// An amount as it stands in the file: neither the number nor the currency has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BankAmount {
    /// The `Ccy` attribute.
    pub currency: String,
    /// The text.
    pub text: String,
}

/// Why an amount of a bank is not money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not an ISO 4217 currency with a minor unit, or too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Not digits, and perhaps a point and digits.
    #[error("`{found}` is not an amount: expected digits, or digits, a point and digits")]
    Form {
        /// The text found.
        found: String,
    },
    /// More decimals than the currency has: it would have to be rounded.
    #[error("`{found}` has {decimals_found} decimals, {currency} has {decimals}")]
    Decimals {
        /// The text found.
        found: String,
        /// Decimals in the text.
        decimals_found: usize,
        /// The currency.
        currency: Currency,
        /// Its decimals.
        decimals: usize,
    },
}

impl BankAmount {
    /// The amount as money, exactly. Leading zeros are dropped and missing decimals filled; decimals beyond
    /// the currency's are refused even when they are zeros, as ISO 20022 refuses them.
    ///
    /// # Errors
    /// [`AmountError`], in the order of its variants.
    pub fn money(&self) -> Result<Money, AmountError> {
        let currency: Currency = self.currency.parse()?;
        let decimals = usize::from(currency.decimals());
        let (whole, fraction) = match self.text.split_once('.') {
            None => (self.text.as_str(), None),
            Some((whole, fraction)) => (whole, Some(fraction)),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !fraction.is_none_or(digits) {
            return Err(AmountError::Form { found: cut(&self.text) });
        }
        let fraction = fraction.unwrap_or("");
        if fraction.len() > decimals {
            let decimals_found = fraction.len();
            return Err(AmountError::Decimals { found: cut(&self.text), decimals_found, currency, decimals });
        }
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            rest => rest,
        };
        let text = match decimals {
            0 => whole.to_owned(),
            _ => format!("{whole}.{fraction:0<decimals$}"),
        };
        // Digits that do not fit an integer of 64 bits are an amount of the right form that is too large.
        Ok(Money::from_decimal(&text, currency).map_err(|_| MoneyError::TooLarge)?)
    }
}
