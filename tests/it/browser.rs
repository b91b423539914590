//! `/docs` as a stranger meets it: in a real browser, with a token, and with no host to be reached but this one.
//! The last page that it saw is kept as `target/docs.png`.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::support::TestApp;

/// Chromium's driver, which ends with the test.
struct Driver {
    process: Child,
    url: String,
    profile: PathBuf,
    /// Open, so that the driver can go on talking.
    _output: BufReader<ChildStdout>,
}

impl Driver {
    fn start() -> Self {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap_or_else(|why| {
            panic!("chromedriver does not start ({why}): run scripts/test, which installs it with Chromium")
        });
        let mut output = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert!(output.read_line(&mut line).expect("text") > 0, "chromedriver stops without a port");
            if let Some((_, port)) = line.trim_end().split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chromium-{}", process.id()));
        Self { process, url: format!("http://127.0.0.1:{port}"), profile, _output: output }
    }

    /// A browser with a new profile, for which every name leads nowhere.
    async fn open(&self) -> Client {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1600",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            &format!("--user-data-dir={}", self.profile.display()),
        ];
        let capabilities = json!({"goog:chromeOptions": {"args": arguments}});
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().expect("an object").clone());
        builder.connect(&self.url).await.expect("a browser")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.profile));
    }
}

async fn serve(app: &TestApp) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = app.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, service).into_future());
    address
}

async fn find(page: &Client, css: &str) -> Element {
    let found = page.wait().at_most(Duration::from_secs(20)).for_element(Locator::Css(css)).await;
    found.unwrap_or_else(|why| panic!("{css}: {why}"))
}

async fn click(page: &Client, css: &str) {
    find(page, css).await.click().await.unwrap_or_else(|why| panic!("{css}: {why}"));
}

async fn authorize(page: &Client, token: &str) {
    click(page, ".scheme-container .btn.authorize").await;
    find(page, ".dialog-ux .auth-container input").await.send_keys(token).await.expect("typed");
    click(page, ".dialog-ux .auth-btn-wrapper .btn.authorize").await;
    click(page, ".dialog-ux .auth-btn-wrapper .btn-done").await;
}

/// The status and the text of the answer to an operation that needs no more than a press.
async fn try_out(page: &Client, operation: &str) -> (String, String) {
    click(page, &format!("#{operation} .opblock-summary-control")).await;
    let try_it = find(page, &format!("#{operation} .try-out__btn")).await;
    if try_it.text().await.expect("text") == "Try it out" {
        try_it.click().await.expect("pressed");
    }
    click(page, &format!("#{operation} .btn.execute")).await;
    let answer = format!("#{operation} .live-responses-table .response");
    let status = find(page, &format!("{answer} .response-col_status")).await.text().await.expect("text");
    let text = find(page, &format!("{answer} .response-col_description .highlight-code")).await.text().await;
    let show = format!("document.querySelector('#{operation}').scrollIntoView()");
    page.execute(&show, vec![]).await.expect("scrolled");
    (status, text.expect("text"))
}

async fn visit(page: Client, address: SocketAddr, token: String) {
    page.goto(&format!("http://{address}/docs")).await.expect("a page");
    authorize(&page, &token).await;
    let (status, answer) = try_out(&page, "operations-people-get_me").await;
    assert_eq!(status.lines().next(), Some("200"));
    assert!(answer.contains("\"name\": \"Somebody\""), "{answer}");

    let loaded =
        page.execute("return performance.getEntries().map(entry => entry.name)", vec![]).await.expect("entries");
    let urls = loaded.as_array().expect("a list").iter().filter_map(Value::as_str).filter(|name| name.contains("://"));
    let (ours, foreign): (Vec<_>, Vec<_>) = urls.partition(|url| url.starts_with(&format!("http://{address}/")));
    assert!(ours.iter().any(|url| url.ends_with("/v1/me")) && ours.len() > 4, "{ours:?}");
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
async fn the_docs_are_tried_out_in_a_browser_that_reaches_no_other_host(db: PgPool) {
    let app = TestApp::new(db).await;
    let somebody = app.client("viewer").await;
    let address = serve(&app).await;
    let driver = Driver::start();
    let page = driver.open().await;
    // A task of its own, so that the browser is closed also when it fails.
    let visit = tokio::spawn(visit(page.clone(), address, somebody.token.expect("a token"))).await;
    let picture = page.screenshot().await.expect("a picture");
    page.close().await.expect("closed");
    // The server's task outlives the test, and its connections would be in the way of dropping the database.
    app.app.lanes().close().await;
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("docs.png"), picture).expect("written");
    visit.expect("no step fails");
}
