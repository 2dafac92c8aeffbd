//! `https:` from outside: by the own authority, by files, and what changes with it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rcgen::generate_simple_self_signed;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::house::{add_account, made_password};
use crate::site::{Site, lianmu};

/// Asks over TLS, trusting one root; `None` where there is no trust.
fn ask(site: &Site, root: &Path, request: &str) -> Option<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(site.address()).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    // The server may close without saying goodbye.
    let _ = stream.read_to_end(&mut answer);
    Some(String::from_utf8_lossy(&answer).into_owned())
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")
}

const INTERNAL: &str =
    "library = \"BJFU\"\n[server]\ntls = \"internal\"\npublic_url = \"https://localhost:8046\"\n";

#[test]
fn a_pc_that_trusts_the_root_is_served_and_others_are_not() {
    let site = Site::over(tempfile::tempdir().unwrap(), INTERNAL);
    let root = site.data().join("tls/authority.crt");
    let page = ask(&site, &root, &get("/trust")).unwrap();
    assert!(page.starts_with("HTTP/1.0 200"), "{page}");
    let pem = std::fs::read_to_string(&root).unwrap();
    let offered = ask(&site, &root, &get("/trust/lianmu.crt")).unwrap();
    assert!(offered.ends_with(&pem) && offered.contains("application/x-x509-ca-cert"), "{offered}");
    assert!(!offered.contains("PRIVATE"), "{offered}");
    assert!(
        !page.to_lowercase().contains("strict-transport-security"),
        "a lost root must not lock people out"
    );

    let other = Site::over(tempfile::tempdir().unwrap(), INTERNAL);
    assert_eq!(ask(&site, &other.data().join("tls/authority.crt"), &get("/")), None, "another authority");

    let plain = site.ask("GET", "/search?q=java", &[]);
    assert_eq!(plain.status, 308, "plain HTTP is sent to the right address");
    assert_eq!(plain.header("location").unwrap(), format!("https://{}/search?q=java", site.address()));
}

#[test]
fn a_branch_gets_the_authority_of_its_hub_with_the_enrolment() {
    let config = "role = \"hub\"\n[server]\ntls = \"internal\"\npublic_url = \"https://localhost:8046\"\n";
    let [hub, other] = [(); 2].map(|()| Site::over(tempfile::tempdir().unwrap(), config));
    let code_of = |hub: &Site| {
        let made = lianmu(hub.data()).args(["branch", "enrol", "--library", "BJFU"]).output().unwrap();
        let said = String::from_utf8(made.stdout).unwrap();
        said.split_whitespace().last().unwrap().to_owned()
    };
    let url = format!("https://localhost:{}", hub.address().rsplit(':').next().unwrap());
    let branch = tempfile::tempdir().unwrap();
    let enrol = |code: &str| {
        let command = ["enrol", "--hub", &url, "--code", code];
        let output = lianmu(branch.path()).args(command).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // Somebody else's root, or none named: nobody is believed.
    let (well, said) = enrol(&code_of(&other));
    assert!(!well && said.contains("somebody else answers"), "{said}");
    let code = code_of(&hub);
    assert!(!enrol(code.split('-').next().unwrap()).0, "the system does not know this authority");
    let (well, said) = enrol(&code.to_lowercase());
    assert!(well, "{said}");
    let kept = std::fs::read_to_string(branch.path().join("keys/hub.crt")).unwrap();
    assert!(kept.ends_with(&std::fs::read_to_string(hub.data().join("tls/authority.crt")).unwrap()));
}

#[test]
fn a_silent_stranger_keeps_nobody_waiting() {
    let site = Site::over(tempfile::tempdir().unwrap(), INTERNAL);
    let silent: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(site.address()).unwrap()).collect();
    let mut nonsense = TcpStream::connect(site.address()).unwrap();
    nonsense.write_all(&[22, 3, 1, 255, 255, 0, 0]).unwrap();
    let page = ask(&site, &site.data().join("tls/authority.crt"), &get("/healthz")).unwrap();
    assert!(page.starts_with("HTTP/1.0 200"), "{page}");
    drop(silent);
}

#[test]
fn over_tls_the_session_is_bound_to_the_host() {
    let data = tempfile::tempdir().unwrap();
    let password = made_password(&mut add_account(data.path(), "1", "王芳", "admin"));
    let site = Site::over(data, INTERNAL);
    let root = site.data().join("tls/authority.crt");
    let body = format!("library=BJFU&barcode=1&password={password}");
    let request = format!(
        "POST /login HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = ask(&site, &root, &request).unwrap();
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.starts_with("__Host-session=") && cookie.contains("; Secure"), "{cookie}");
    assert!(cookie.contains("Path=/;") && !cookie.contains("Domain"), "{cookie}");
    let carried = cookie.split(';').next().unwrap();
    let request = format!("GET /admin HTTP/1.0\r\nHost: localhost\r\nCookie: {carried}\r\n\r\n");
    assert!(ask(&site, &root, &request).unwrap().starts_with("HTTP/1.0 200"));
    let plain_name = format!(
        "GET /admin HTTP/1.0\r\nHost: localhost\r\nCookie: {}\r\n\r\n",
        carried.replace("__Host-", "")
    );
    assert!(
        ask(&site, &root, &plain_name).unwrap().starts_with("HTTP/1.0 303"),
        "the plain name counts for nothing"
    );
}

#[test]
fn a_certificate_of_ones_own_is_taken_from_files() {
    let data = tempfile::tempdir().unwrap();
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(data.path().join("site.pem"), made.cert.pem()).unwrap();
    std::fs::write(data.path().join("site.key"), made.signing_key.serialize_pem()).unwrap();
    let config = "[server]\ntls = \"files\"\ntls_certificate = \"site.pem\"\ntls_key = \"site.key\"\n";
    let site = Site::over(data, config);
    let page = ask(&site, &site.data().join("site.pem"), &get("/libraries")).unwrap();
    assert!(page.contains("strict-transport-security: max-age="), "{page}");
    let trust = ask(&site, &site.data().join("site.pem"), &get("/trust")).unwrap();
    assert!(trust.starts_with("HTTP/1.0 404"), "there is no authority to trust");

    let missing = tempfile::tempdir().unwrap();
    std::fs::write(missing.path().join("lianmu.toml"), config).unwrap();
    let refused = lianmu(missing.path()).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains("site.pem"), "{said}");
}

#[test]
fn robots_may_keep_records_and_no_lists() {
    let site = Site::with_samples();
    let robots = site.get("/robots.txt");
    robots
        .has("User-agent: *")
        .has("Disallow: /search\n")
        .has("Disallow: /admin\n")
        .lacks("Disallow: /record");
    assert_eq!(site.get("/search?q=java").header("x-robots-tag"), Some("noindex"));
    site.get("/search?q=java").has("<meta name=\"robots\" content=\"noindex\">");
    assert_eq!(site.get("/api/v1/search?q=java").header("x-robots-tag"), Some("noindex"));
    for path in ["/", "/libraries", "/help"] {
        assert_eq!(site.get(path).header("x-robots-tag"), None, "{path}");
    }
    assert_eq!(site.get("/trust").status, 404, "nothing to trust without TLS");
}
