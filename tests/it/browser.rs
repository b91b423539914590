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

use chemstock::platform::app::App;
use chrono::TimeDelta;
use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::support::{Answer, TestApp};

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

/// Opens an operation, which is ready to be tried.
async fn open(page: &Client, operation: &str) {
    click(page, &format!("#{operation} .opblock-summary-control")).await;
    let try_it = find(page, &format!("#{operation} .try-out__btn")).await;
    if try_it.text().await.expect("text") == "Try it out" {
        try_it.click().await.expect("pressed");
    }
}

/// The status and the text of the answer.
async fn execute(page: &Client, operation: &str) -> (String, String) {
    let show = format!("document.querySelector('#{operation}').scrollIntoView()");
    page.execute(&show, vec![]).await.expect("scrolled");
    click(page, &format!("#{operation} .btn.execute")).await;
    let answer = format!("#{operation} .live-responses-table .response");
    let status = find(page, &format!("{answer} .response-col_status")).await.text().await.expect("text");
    let text = find(page, &format!("{answer} .response-col_description .highlight-code")).await.text().await;
    (status.lines().next().unwrap_or_default().to_owned(), text.expect("text"))
}

async fn try_out(page: &Client, operation: &str) -> (String, String) {
    open(page, operation).await;
    execute(page, operation).await
}

/// What stands in the body of an opened operation, after a change of it.
async fn body(page: &Client, operation: &str, change: &str) -> String {
    let script = format!(
        "const text = document.querySelector('#{operation} textarea.body-param__text');
        const value = text.value{change};
        Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(text, value);
        text.dispatchEvent(new Event('change', {{bubbles: true}}));
        return value;"
    );
    find(page, &format!("#{operation} textarea.body-param__text")).await;
    page.execute(&script, vec![]).await.expect("run").as_str().expect("text").to_owned()
}

async fn visit(page: Client, address: SocketAddr, token: String) {
    page.goto(&format!("http://{address}/docs")).await.expect("a page");
    authorize(&page, &token).await;
    let (status, answer) = try_out(&page, "operations-people-get_me").await;
    assert_eq!(status, "200");
    assert!(answer.contains("\"name\": \"Somebody\""), "{answer}");
    assert!(page.find(Locator::Css(".topbar")).await.is_err(), "there is nothing to explore but this document");

    let loaded =
        page.execute("return performance.getEntries().map(entry => entry.name)", vec![]).await.expect("entries");
    let urls = loaded.as_array().expect("a list").iter().filter_map(Value::as_str).filter(|name| name.contains("://"));
    let (ours, foreign): (Vec<_>, Vec<_>) = urls.partition(|url| url.starts_with(&format!("http://{address}/")));
    assert!(ours.iter().any(|url| url.ends_with("/v1/me")) && ours.len() > 4, "{ours:?}");
    assert!(foreign.is_empty(), "{foreign:?}");
}

async fn log_in(page: &Client) {
    let (status, answer) = try_out(page, "operations-login-request_code").await;
    assert_eq!(status, "202", "{answer}");
    open(page, "operations-login-verify_code").await;
    body(page, "operations-login-verify_code", ".replace(/\"code\": \"\\d+\"/, '\"code\": \"123456\"')").await;
    let (status, answer) = execute(page, "operations-login-verify_code").await;
    assert_eq!(status, "200", "{answer}");
}

/// From the first code to a withdrawal by clicking: only the phone's code is typed.
async fn walk(page: Client, address: SocketAddr, app: App) {
    page.goto(&format!("http://{address}/docs")).await.expect("a page");
    log_in(&page).await;
    // Nobody pressed Authorize.
    assert_eq!(try_out(&page, "operations-people-get_me").await.0, "200");
    let (status, answer) = try_out(&page, "operations-people-create_lab").await;
    assert_eq!(status, "201", "{answer}");
    let (status, answer) = try_out(&page, "operations-catalogue-create_chemical").await;
    assert_eq!(status, "201", "{answer}");
    open(&page, "operations-containers-create_container").await;
    let change = ".replace(/,\\s*\"location_id\": \"[^\"]*\"/, '').replace(/\"location_id\": \"[^\"]*\",/, '')";
    let sent = body(&page, "operations-containers-create_container", change).await;
    let (status, answer) = execute(&page, "operations-containers-create_container").await;
    assert_eq!(status, "201", "{sent} {answer}");
    open(&page, "operations-containers-post_event").await;
    let sent = body(&page, "operations-containers-post_event", "").await;
    assert!(sent.contains("\"withdraw\""), "{sent}");
    let (status, answer) = execute(&page, "operations-containers-post_event").await;
    assert_eq!(status, "201", "{sent} {answer}");
    let (status, answer) = try_out(&page, "operations-containers-list_containers").await;
    assert!(status == "200" && answer.contains("\"state\": \"opened\""), "{answer}");
    // A reload forgets who one was.
    page.refresh().await.expect("a page");
    let (status, _) = try_out(&page, "operations-people-get_me").await;
    assert_eq!(status, "401");
    // Whoever comes again with a lab need not look for its id.
    app.clock.advance(TimeDelta::minutes(1));
    log_in(&page).await;
    let (status, answer) = try_out(&page, "operations-people-list_members").await;
    assert!(status == "200" && answer.contains("\"admin\""), "{answer}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
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

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_stranger_books_a_withdrawal_on_the_page_and_copies_nothing_but_the_code(db: PgPool) {
    let app = TestApp::with_vars(db, &[("TEST_PHONE_NUMBERS", "+12025550123=123456")]).await;
    let address = serve(&app).await;
    let driver = Driver::start();
    let page = driver.open().await;
    let walk = tokio::spawn(walk(page.clone(), address, app.app.clone())).await;
    let picture = page.screenshot().await.expect("a picture");
    page.close().await.expect("closed");
    app.app.lanes().close().await;
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("docs-walk.png"), picture).expect("written");
    walk.expect("no step fails");
}

/// What reaches over the right edge, and is not in a box that scrolls or cuts.
const TOO_WIDE: &str = "
    const cut = (it) => it && it !== document.body && (getComputedStyle(it).overflowX !== 'visible' || cut(it.parentElement));
    const all = [...document.querySelectorAll('body *')].filter((it) => it.getBoundingClientRect().width > 0);
    const over = all.filter((it) => it.getBoundingClientRect().right > innerWidth + 1 && !cut(it.parentElement));
    return over.map((it) => it.tagName + '.' + it.className);";

async fn narrow(page: Client, address: SocketAddr) {
    page.set_window_size(390, 844).await.expect("a smaller window");
    page.goto(&format!("http://{address}/docs")).await.expect("a page");
    for operation in ["operations-containers-post_event", "operations-catalogue-delete_chemical"] {
        open(&page, operation).await;
        find(&page, &format!("#{operation} tr[data-code='409'] .highlight-code")).await;
    }
    let width = page.execute("return innerWidth", vec![]).await.expect("a number");
    assert!(width.as_u64().is_some_and(|width| width <= 500), "{width}");
    assert_eq!(page.execute(TOO_WIDE, vec![]).await.expect("a list"), json!([]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn on_a_phone_nothing_of_the_page_is_wider_than_the_screen(db: PgPool) {
    let app = TestApp::new(db).await;
    let address = serve(&app).await;
    let driver = Driver::start();
    let page = driver.open().await;
    let narrow = tokio::spawn(narrow(page.clone(), address)).await;
    page.close().await.expect("closed");
    app.app.lanes().close().await;
    narrow.expect("nothing is too wide");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_page_is_fetched_once_and_framed_by_nobody(db: PgPool) {
    let app = TestApp::new(db).await;
    let nobody = app.nobody();
    for path in [
        "/docs",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
        "/docs/page.css",
        "/docs/start.js",
        "/openapi.json",
    ] {
        let first = nobody.get(path).await.expect(200);
        let has =
            |name: &str, part: &str| first.headers.get(name).is_some_and(|it| it.to_str().unwrap().contains(part));
        assert!(has("content-security-policy", "frame-ancestors 'none'"), "{path}");
        assert!(has("referrer-policy", "no-referrer") && has("x-content-type-options", "nosniff"), "{path}");
        assert!(has("cache-control", if path.ends_with("ui.css") { "max-age" } else { "" }), "{path}");
        let get = async |headers: &[(&str, &str)]| nobody.send(axum::http::Method::GET, path, headers, None).await;
        let again = get(&[("if-none-match", &*first.tag())]).await;
        assert_eq!((again.status.as_u16(), &*again.text), (304, ""), "{path}");
        let packed = get(&[("accept-encoding", "gzip, deflate, br")]).await.expect(200);
        assert_eq!(packed.headers["content-encoding"], "br", "{path}");
        assert_eq!(packed.headers["vary"], "accept-encoding", "{path}");
        // What is compressed for one request alone has no length that is known beforehand.
        let length = |answer: &Answer| answer.headers["content-length"].to_str().unwrap().parse::<usize>().unwrap();
        assert!(length(&packed) < length(&first), "{path}");
        let again = get(&[("accept-encoding", "br"), ("if-none-match", &packed.tag())]).await.expect(304);
        assert!(again.text.is_empty() && !again.headers.contains_key("content-encoding"), "{path}");
        assert_eq!((again.tag(), &again.headers["cache-control"]), (packed.tag(), &first.headers["cache-control"]));
        assert_ne!(packed.tag(), first.tag(), "{path}");
    }
    assert!(nobody.get("/docs").await.text.contains("/docs/start.js"));
    nobody.get("/docs/nothing").await.problem(404, "not-found");
}
