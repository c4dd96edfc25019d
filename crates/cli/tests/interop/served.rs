//! A folder over HTTP, on a free port of this machine; or a server that has nothing good to say.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// How a server answers.
#[derive(Clone, Copy)]
pub enum Manner {
    Plain,
    /// Packed without having been asked.
    Gzip,
    /// Always this status.
    Status(u16),
    /// Tiles that do not end where they should.
    Endless,
    /// Packed in a way that nobody named.
    Odd,
}

/// The address of a server that goes on as long as this process.
pub fn serve(folder: &Path, manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/log/", listener.local_addr().unwrap());
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let folder = folder.clone();
            // A client that goes away is no error of the server.
            std::thread::spawn(move || drop(answer(&stream, &folder, manner)));
        }
    });
    address
}

fn answer(stream: &TcpStream, folder: &Path, manner: Manner) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = first.split(' ').nth(1).and_then(|path| path.strip_prefix("/log/")).unwrap_or_default();
    let found = std::fs::read(folder.join(path)).ok();
    let (status, header, body) = match (manner, found) {
        (Manner::Status(status), _) => (status, "Location: /elsewhere\r\n", Vec::new()),
        (_, None) => (404, "", Vec::new()),
        (Manner::Gzip, Some(body)) => (200, "Content-Encoding: gzip\r\n", gzip(&body)),
        (Manner::Odd, Some(body)) => (200, "Content-Encoding: odd\r\n", body),
        (Manner::Endless, Some(body)) if path.starts_with("tile/0") => {
            (200, "", [body, vec![0; 40_000_000]].concat())
        }
        (_, Some(body)) => (200, "", body),
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} x\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

/// RFC 1952 with stored blocks: packed in form only.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = bytes.chunks(65_535).peekable();
    if blocks.peek().is_none() {
        packed.extend([1, 0, 0, 255, 255]);
    }
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        packed.push(u8::from(blocks.peek().is_none()));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(block);
    }
    packed.extend(crc32(bytes).to_le_bytes());
    packed.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    packed
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
