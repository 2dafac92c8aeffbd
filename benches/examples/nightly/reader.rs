//! A reader who asks one thing after the other over HTTP, and how long each answer took.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Result;

/// Between an answer and the next question.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Reader {
    address: String,
    queries: Vec<String>,
    n_asked: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) ms: f64,
}

impl Reader {
    pub(crate) fn new(address: &str, queries: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(queries)?;
        let queries = text.lines().filter_map(|line| Some(line.split_once('\t')?.1.to_owned())).collect();
        Ok(Self { address: address.to_owned(), queries, n_asked: 0 })
    }

    /// Each query once, so that what is read for the first time counts for nobody.
    pub(crate) fn ask_each(&mut self) -> Result<()> {
        (0..self.queries.len()).try_for_each(|_| self.ask().map(drop))
    }

    /// Asks on for so long, as long as it is to.
    pub(crate) fn watched(
        &mut self,
        mut goes_on: impl FnMut(usize) -> Result<bool>,
        at_most: Duration,
    ) -> Result<Vec<Asked>> {
        let (began, mut all) = (Instant::now(), Vec::new());
        while began.elapsed() < at_most && goes_on(all.len())? {
            all.push(self.ask()?);
            std::thread::sleep(PAUSE);
        }
        Ok(all)
    }

    fn ask(&mut self) -> Result<Asked> {
        let query = &self.queries[self.n_asked % self.queries.len()];
        self.n_asked += 1;
        let at = Instant::now();
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        let path: String = query.bytes().map(in_url).collect();
        let request = format!("GET /api/v1/search?{path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        if !answer.starts_with(b"HTTP/1.0 200") {
            return Err(format!("{query}: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(Asked { at, ms: at.elapsed().as_secs_f64() * 1e3 })
    }
}

fn in_url(byte: u8) -> String {
    if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// Prints how the answers came, and by how much later than when nothing else was done.
pub(crate) fn say(name: &str, asked: &[Asked], idle: Option<&[Asked]>) {
    if asked.is_empty() {
        println!("{name}: nothing was asked");
        return;
    }
    let at = |asked: &[Asked], share: f64| {
        let mut times: Vec<f64> = asked.iter().map(|asked| asked.ms).collect();
        times.sort_by(f64::total_cmp);
        times[((times.len() - 1) as f64 * share) as usize]
    };
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| at(asked, share));
    let beside = idle.map(|idle| format!("; p99 {:.2} × idle", p99 / at(idle, 0.99))).unwrap_or_default();
    println!("{name:28} {} answers, p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms{beside}", asked.len());
}
