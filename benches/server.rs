//! Server processes of a bench, and the CPUs that they and the client run on.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A server process, ended with its handle.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
    /// Kept open: a process that can no longer print would end.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts a server and waits for the line that ends in or holds `grpc=ADDRESS`.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "it says where it listens");
            let mut words = line.split_whitespace();
            if let Some(address) = words.find_map(|word| word.strip_prefix("grpc=")) {
                break format!("http://{address}");
            }
        };
        Self { process, address, _stdout: stdout }
    }

    /// What the system calls it.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs this process, and what it starts from here on, on one CPU, if the machine has it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn run_on(cpu: usize) {
    eprintln!("not pinned to CPU {cpu}: only on Linux");
}

/// Runs this process, and what it starts from here on, on one CPU, if the machine has it.
#[cfg(target_os = "linux")]
pub(crate) fn run_on(cpu: usize) {
    let mut set = rustix::thread::CpuSet::new();
    set.set(cpu);
    if let Err(error) = rustix::thread::sched_setaffinity(None, &set) {
        eprintln!("not pinned to CPU {cpu}: {error}");
    }
}
