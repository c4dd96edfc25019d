use super::*;

#[test]
fn lists_are_read_and_names_that_mean_something_to_others_are_not_taken() {
    let line = "-rw-r--r--    1 1000     1000         1234 Nov 26 23:00 outgoing/camt.054-1.xml";
    let expected =
        Listed { name: "camt.054-1.xml".to_owned(), bytes: 1234, changed: "Nov 26 23:00".to_owned() };
    assert_eq!(listed(line), Some(expected));
    for other in [
        "sftp> ls -ln outgoing",
        "drwxr-xr-x    2 1000     1000         4096 Nov 26 23:00 outgoing/done",
        "lrwxrwxrwx    1 1000     1000           11 Nov 26 23:00 outgoing/passwd.xml",
        "-rw-r--r--    1 1000     1000         1234 Nov 26 23:00 outgoing/two words.xml",
        "-rw-r--r--    1 1000     1000         1234 Nov 26 23:00 outgoing/$(id).xml",
        "-rw-r--r--    1 1000     1000         1234 Nov 26 23:00 outgoing/\"x\".xml",
        "-rw-r--r--    1 1000     1000         1234 Nov 26 23:00 outgoing/-rf",
        "-rw-r--r--    1 1000     1000         1234 Nov 26 23:00 outgoing/..",
        "-rw-r--r--    1 1000     1000         -5 Nov 26 23:00 outgoing/a.xml",
        "-rw-r--r--",
        "",
    ] {
        assert_eq!(listed(other), None, "{other}");
    }
}
