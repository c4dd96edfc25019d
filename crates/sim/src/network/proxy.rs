//! A way from a co-signer to a server that can be cut, slowed, stopped and broken, and can lead elsewhere.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

/// How often a connection looks at what has been done to its way.
const LOOK: Duration = Duration::from_millis(20);
/// How much later everything comes on a slow way, each piece.
const SLOW: Duration = Duration::from_millis(120);
/// Bytes after which a breaking way ends a connection.
const BREAKS_AFTER: usize = 700;

/// What is done to a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Weather {
    /// Nothing.
    Fair,
    /// Connections are ended, and no new one is taken.
    Cut,
    /// Nothing comes through; what was sent comes later.
    Still,
    /// Everything comes later.
    Slow,
    /// Connections end in the middle of an answer.
    Breaks,
}

/// Every weather but the fair one.
pub const FOUL: [Weather; 4] = [Weather::Cut, Weather::Still, Weather::Slow, Weather::Breaks];

struct Way {
    to: AtomicU16,
    weather: AtomicU8,
    /// Counts what has been done: connections from before end.
    turn: AtomicU64,
}

/// The way, with a port of its own.
pub struct Proxy {
    way: Arc<Way>,
    /// Where it begins.
    pub at: SocketAddr,
}

impl Proxy {
    /// A way to a port of this machine. It is there until the process ends.
    ///
    /// # Errors
    /// There is no free port.
    pub fn to(port: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for a proxy")?;
        let at = listener.local_addr()?;
        let way = Way { to: port.into(), weather: Weather::Fair.as_u8().into(), turn: AtomicU64::new(0) };
        let way = Arc::new(way);
        let ways = Arc::clone(&way);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let way = Arc::clone(&ways);
                std::thread::spawn(move || drop(connect(stream, &way)));
            }
        });
        Ok(Self { way, at })
    }

    /// Does something to the way.
    pub fn set(&self, weather: Weather) {
        self.way.weather.store(weather.as_u8(), Ordering::SeqCst);
        if weather == Weather::Cut {
            self.way.turn.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Leads elsewhere from now on.
    pub fn lead_to(&self, port: u16) {
        self.way.to.store(port, Ordering::SeqCst);
        self.way.turn.fetch_add(1, Ordering::SeqCst);
    }
}

impl Weather {
    const fn as_u8(self) -> u8 {
        match self {
            Self::Fair => 0,
            Self::Cut => 1,
            Self::Still => 2,
            Self::Slow => 3,
            Self::Breaks => 4,
        }
    }
}

impl Way {
    fn is(&self, weather: Weather) -> bool {
        self.weather.load(Ordering::SeqCst) == weather.as_u8()
    }
}

fn connect(from: TcpStream, way: &Arc<Way>) -> std::io::Result<()> {
    if way.is(Weather::Cut) {
        return Ok(());
    }
    let turn = way.turn.load(Ordering::SeqCst);
    let to = TcpStream::connect(("127.0.0.1", way.to.load(Ordering::SeqCst)))?;
    let (back_from, back_to) = (to.try_clone()?, from.try_clone()?);
    let other = Arc::clone(way);
    std::thread::spawn(move || carry((back_from, back_to), &other, turn));
    carry((from, to), way, turn);
    Ok(())
}

/// Carries bytes one way until one of both ends, or the weather does.
fn carry((mut from, mut to): (TcpStream, TcpStream), way: &Way, turn: u64) {
    let (mut bytes, mut carried) = ([0u8; 8_192], 0usize);
    let _ = from.set_read_timeout(Some(LOOK));
    let _ = to.set_nodelay(true);
    while way.turn.load(Ordering::SeqCst) == turn {
        if way.is(Weather::Still) {
            std::thread::sleep(LOOK);
            continue;
        }
        let read = match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                continue;
            }
            Err(_) => break,
        };
        if way.is(Weather::Slow) {
            std::thread::sleep(SLOW);
        }
        let sends =
            if way.is(Weather::Breaks) { read.min(BREAKS_AFTER.saturating_sub(carried)) } else { read };
        if to.write_all(&bytes[..sends]).is_err() || sends < read {
            break;
        }
        carried += sends;
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
