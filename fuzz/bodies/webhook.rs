//! Webhooks: nobody without the secret gets one to count, an inbox that is read is written as the same bytes,
//! and an address that is allowed names a host on the list.

use lockstep_connect::{AllowList, Headers, Inbox, Secret, check, sign};
use lockstep_types::Time;

/// Panics when `data` breaks a property of webhooks.
pub fn run(data: &[u8]) {
    let now = Time::from_ms(1_764_000_000_000).expect("a time");
    let secret = Secret::from_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n').map(str::to_owned);
    let mut line = || lines.next().unwrap_or_default();
    let headers = Headers { id: line(), timestamp: line(), signature: line() };
    let body = line();
    if let Ok(good) = sign(&secret, &headers.id, body.as_bytes(), now) {
        assert_eq!(check(core::slice::from_ref(&secret), &good, body.as_bytes(), now), Ok(()));
        let counts = check(core::slice::from_ref(&secret), &headers, body.as_bytes(), now).is_ok();
        assert!(!counts || headers.signature.contains("v1,"), "nothing counts without a signature");
    }
    if let Ok(inbox) = Inbox::from_slice(data) {
        assert_eq!(inbox.to_vec().expect("what was read can be written"), data);
    }
    if let Ok(target) = AllowList::new(["hooks.example.com"]).expect("a name").target(&text) {
        assert!(target.url().starts_with("https://hooks.example.com:443/"));
    }
}
