use super::*;
use axum::http::HeaderValue;

fn read(value: &str) -> Option<(String, String, bool)> {
    let headers =
        HeaderMap::from_iter([("traceparent".parse().unwrap(), HeaderValue::from_str(value).unwrap())]);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    traceparent(&headers).map(|(trace, parent, sampled)| (hex(&trace), hex(&parent), sampled))
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

#[test]
fn a_traceparent_is_read_as_trace_context_says() {
    let good = |sampled| Some((TRACE.to_owned(), PARENT.to_owned(), sampled));
    assert_eq!(read(&format!("00-{TRACE}-{PARENT}-01")), good(true));
    assert_eq!(read(&format!("00-{TRACE}-{PARENT}-02")), good(false));
    assert_eq!(read(&format!("cc-{TRACE}-{PARENT}-01-later")), good(true), "a later version");
    for other in [
        String::new(),
        format!("00-{TRACE}-{PARENT}"),
        format!("00-{TRACE}-{PARENT}-01-more"),
        format!("00-{TRACE}-{PARENT}-1"),
        format!("00-{TRACE}-{PARENT}-zz"),
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
        format!("00-{}-{PARENT}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{}-{PARENT}-01", &TRACE[1..]),
    ] {
        assert_eq!(read(&other), None, "{other}");
    }
}

#[test]
fn of_requests_that_do_not_say_one_in_so_many_is_traced() {
    let traces = Traces::new(Arc::new(drop), 3);
    let traced = (0..9).filter(|_| traces.begin(&HeaderMap::new()).is_some()).count();
    assert_eq!(traced, 3);
}
