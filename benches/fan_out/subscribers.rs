//! A thousand subscribers in one process that costs little: bytes are counted, nothing is decoded.
//!
//! HTTP/2 by hand (RFC 9113): windows as large as there are, so that what is sent is never waited for;
//! of each frame its header is read, and of each message its length.

use acd_proto::v1::{View, WatchRequest};
use prost::Message as _;
use std::io::{BufRead as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEADER_BYTES: usize = 9;
const MESSAGE_HEADER_BYTES: u32 = 5;
const WINDOW_MAX: u32 = (1 << 31) - 1;
/// As much as the connection's window is before anybody has enlarged it.
const WINDOW_AT_FIRST: u32 = 65_535;
/// With so much read the connection's window is filled up again.
const REFILL_AT: u32 = 1 << 30;
const READ_BYTES: usize = 1 << 18;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// What one subscriber has got.
#[derive(Default)]
struct Got {
    messages: AtomicU64,
    bytes: AtomicU64,
}

/// The process: connects, then says what has come whenever a line is read.
pub(crate) fn run(arguments: &[String]) {
    let number = |at: usize| arguments[at].parse::<u64>().unwrap();
    let (address, connections, streams) = (arguments[0].clone(), number(1), number(2));
    let every = Duration::from_millis(number(3));
    // Whoever routes calls goes first.
    #[cfg(target_os = "linux")]
    let _as_it_was = rustix::process::nice(19).is_err();
    let got: Vec<Arc<Got>> = (0..connections * streams).map(|_| Arc::default()).collect();
    let reader = got.clone();
    let failed = Arc::new(Mutex::new(None));
    let failure = Arc::clone(&failed);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for got in reader.chunks(streams as usize) {
                tasks.spawn(subscribe(address.clone(), got.to_vec(), every));
            }
            while let Some(ended) = tasks.join_next().await {
                *failure.lock().unwrap() = Some(format!("{ended:?}"));
            }
        });
    });
    for line in std::io::stdin().lock().lines() {
        line.unwrap();
        let failed = failed.lock().unwrap().clone();
        assert!(failed.is_none(), "a connection has ended: {failed:?}");
        let messages: Vec<u64> = got.iter().map(|it| it.messages.load(Ordering::Relaxed)).collect();
        let bytes: u64 = got.iter().map(|it| it.bytes.load(Ordering::Relaxed)).sum();
        let all: u64 = messages.iter().sum();
        let (least, most) = (messages.iter().min().unwrap(), messages.iter().max().unwrap());
        println!("{all} {bytes} {least} {most}");
        std::io::stdout().flush().unwrap();
    }
}

/// One connection with many watches.
async fn subscribe(address: String, got: Vec<Arc<Got>>, every: Duration) -> std::io::Result<()> {
    let mut connection = TcpStream::connect(&address).await?;
    connection.set_nodelay(true)?;
    let mut out = PREFACE.to_vec();
    let mut setting = INITIAL_WINDOW_SIZE.to_be_bytes().to_vec();
    setting.extend(WINDOW_MAX.to_be_bytes());
    frame(&mut out, SETTINGS, 0, 0, &setting);
    frame(&mut out, WINDOW_UPDATE, 0, 0, &(WINDOW_MAX - WINDOW_AT_FIRST).to_be_bytes());
    let request = WatchRequest {
        views: vec![View::Queues.into(), View::Agents.into()],
        every: Some(prost_types::Duration { seconds: 0, nanos: every.subsec_nanos() as i32 }),
        ..WatchRequest::default()
    };
    let request = request.encode_to_vec();
    let mut message = vec![0];
    message.extend((request.len() as u32).to_be_bytes());
    message.extend(request);
    for index in 0..got.len() as u32 {
        frame(&mut out, HEADERS, END_HEADERS, 2 * index + 1, &headers(&address));
        frame(&mut out, DATA, END_STREAM, 2 * index + 1, &message);
    }
    connection.write_all(&out).await?;
    let mut reader = Reader::new(got);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = connection.read(&mut buffer).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let answer = reader.take(&buffer[..read]);
        if !answer.is_empty() {
            connection.write_all(&answer).await?;
        }
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
}

/// The header fields of a watch, in HPACK's plainest form: none is remembered.
fn headers(address: &str) -> Vec<u8> {
    // `:method: POST` and `:scheme: http` stand in the static table.
    let mut block = vec![0x83, 0x86];
    let mut literal = |name: &[u8], value: &str| {
        block.extend(name);
        block.push(value.len() as u8);
        block.extend(value.bytes());
    };
    literal(&[0x04], "/acd.v1.SupervisorService/Watch");
    literal(&[0x01], address);
    literal(b"\x00\x0ccontent-type", "application/grpc");
    literal(b"\x00\x02te", "trailers");
    block
}

/// Follows the frames of a connection.
struct Reader {
    got: Vec<Arc<Got>>,
    /// Of each stream, how much of the present message's header has come, ...
    headers: Vec<(u32, [u8; 4])>,
    /// ... and how much of the message is still to come.
    remaining: Vec<u32>,
    header: Vec<u8>,
    /// Of the present frame: its kind, flags, stream, and how much of it is still to come.
    present: (u8, u8, u32, usize),
    /// What a ping holds.
    held: Vec<u8>,
    unrefilled: u32,
}

impl Reader {
    fn new(got: Vec<Arc<Got>>) -> Self {
        let streams = got.len();
        Self {
            got,
            headers: vec![(0, [0; 4]); streams],
            remaining: vec![0; streams],
            header: Vec::new(),
            present: (0, 0, 0, 0),
            held: Vec::new(),
            unrefilled: 0,
        }
    }

    /// Takes bytes in; what is to be answered.
    fn take(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut answer = Vec::new();
        while !bytes.is_empty() {
            if self.present.3 == 0 {
                let missing = (FRAME_HEADER_BYTES - self.header.len()).min(bytes.len());
                self.header.extend(&bytes[..missing]);
                bytes = &bytes[missing..];
                if self.header.len() < FRAME_HEADER_BYTES {
                    break;
                }
                let word =
                    |at: usize| u32::from_be_bytes(self.header[at..at + 4].try_into().unwrap());
                let length = (word(0) >> 8) as usize;
                self.present = (self.header[3], self.header[4], word(5) & WINDOW_MAX, length);
                self.header.clear();
            }
            let (kind, flags, stream, missing) = self.present;
            let (payload, rest) = bytes.split_at(missing.min(bytes.len()));
            (bytes, self.present.3) = (rest, missing - payload.len());
            match kind {
                DATA => self.take_data(stream as usize / 2, payload),
                PING if flags & ACK == 0 => self.held.extend(payload),
                HEADERS if flags & END_STREAM != 0 => panic!("a watch has ended"),
                _ => {}
            }
            if self.present.3 == 0 {
                match kind {
                    SETTINGS if flags & ACK == 0 => frame(&mut answer, SETTINGS, ACK, 0, &[]),
                    PING if flags & ACK == 0 => {
                        frame(&mut answer, PING, ACK, 0, &self.held);
                        self.held.clear();
                    }
                    _ => {}
                }
            }
        }
        if self.unrefilled >= REFILL_AT {
            frame(&mut answer, WINDOW_UPDATE, 0, 0, &self.unrefilled.to_be_bytes());
            self.unrefilled = 0;
        }
        answer
    }

    fn take_data(&mut self, stream: usize, mut payload: &[u8]) {
        let got = &self.got[stream];
        got.bytes.fetch_add(payload.len() as u64, Ordering::Relaxed);
        self.unrefilled += payload.len() as u32;
        while !payload.is_empty() {
            if self.remaining[stream] > 0 {
                let taken = (self.remaining[stream] as usize).min(payload.len());
                self.remaining[stream] -= taken as u32;
                payload = &payload[taken..];
                if self.remaining[stream] == 0 {
                    got.messages.fetch_add(1, Ordering::Relaxed);
                }
                continue;
            }
            // The first byte says whether it is compressed; it is not.
            let (have, length) = &mut self.headers[stream];
            if *have > 0 {
                length[*have as usize - 1] = payload[0];
            }
            (*have, payload) = (*have + 1, &payload[1..]);
            if *have == MESSAGE_HEADER_BYTES {
                (self.remaining[stream], *have) = (u32::from_be_bytes(*length), 0);
            }
        }
    }
}
