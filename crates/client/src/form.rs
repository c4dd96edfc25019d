//! The form in which a request travels with its documents (RFC 7578).

use lockstep_types::sha256_parts;

/// A boundary that occurs in nothing that is sent: it is a hash of all of it.
pub(crate) fn boundary(request: &[u8], documents: &[Vec<u8>]) -> String {
    let mut parts: Vec<&[u8]> = vec![b"lockstep/form", request];
    parts.extend(documents.iter().map(Vec::as_slice));
    hex::encode(sha256_parts(&parts))
}

/// The body of the form.
pub(crate) fn body(boundary: &str, request: &[u8], documents: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut part = |name: &str, file: &str, content: &[u8]| {
        body.extend(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
        );
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    };
    part("request", "", request);
    documents.iter().for_each(|document| part("document", "; filename=\"document\"", document));
    body.extend(format!("--{boundary}--\r\n").bytes());
    body
}
