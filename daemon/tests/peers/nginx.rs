//! nginx, a web server.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::running::{Running, skip};

/// nginx out of `folder` over the files in `root`, with nothing configured that a librarian would not; its address.
pub(crate) fn nginx(folder: &Path, root: &Path) -> Option<(Running, String)> {
    let found = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];
    let Some(nginx) = found.iter().find(|path| Path::new(path).exists()) else {
        skip("nginx is not installed (apt-get install nginx-light)");
        return None;
    };
    std::fs::create_dir_all(folder).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = folder.display();
    // Whoever is root must say that its files are read as root.
    let user = if is_root() { "user root;" } else { "" };
    let temporary = ["client_body", "proxy", "fastcgi"].map(|name| format!("{name}_temp_path {at}/{name};"));
    let configuration = format!(
        "daemon off; master_process off; {user} worker_processes 1; pid {at}/pid; error_log {at}/error.log;\n\
         events {{ worker_connections 64; }}\n\
         http {{ access_log off; {} server {{ listen 127.0.0.1:{port}; root {}; }} }}\n",
        temporary.concat(),
        root.display()
    );
    let (path, log) = (folder.join("nginx.conf"), folder.join("error.log"));
    std::fs::write(&path, configuration).unwrap();
    let mut start = Command::new(nginx);
    start.arg("-c").arg(&path).arg("-p").arg(folder).arg("-e").arg(&log).stderr(Stdio::null());
    let running = Running(start.spawn().unwrap());
    let address = format!("127.0.0.1:{port}");
    for _ in 0..200 {
        if TcpStream::connect(&address).is_ok() {
            return Some((running, address));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nginx does not start: {}", std::fs::read_to_string(log).unwrap_or_default());
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
