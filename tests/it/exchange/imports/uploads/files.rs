//! What is kept of a file that somebody sends: all of it or nothing.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chemstock::{
    base::ids,
    web::{
        connections::{Limits, serve},
        pace::Pace,
        upload::{MAX_UPLOAD, ROUTES},
    },
};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use super::{LIST, count, send, upload};
use crate::support::{TestApp, hex};

const KEPT: &str = "select count(*) from imports i join import_contents c on c.import_id = i.id and c.kind = 'list'
    and octet_length(c.content) = i.size";
const CSV: [(&str, &str); 1] = [("content-type", "text/csv")];

/// A list of so many bytes.
fn list_of(bytes: usize) -> Vec<u8> {
    let mut list = b"code,chemical,amount,note\n".to_vec();
    let row = [b"B,ethanol,1 L,".as_slice(), &[b'x'; 1_000], b"\n"].concat();
    while list.len() < bytes {
        list.extend_from_slice(&row);
    }
    list.truncate(bytes);
    list
}

#[test]
fn the_routes_that_go_by_the_layer_of_repeats_are_those_that_take_a_file() {
    let api = crate::contract::Api::read();
    let taking = api.operations.iter().filter(|operation| operation.file().is_some());
    assert_eq!(taking.map(|operation| operation.path.as_str()).collect::<Vec<_>>(), ROUTES);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_file_is_read_back_with_its_columns_first_rows_and_hash(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let list = "Flaschennr.;Stoff;Menge (g);Farbe\nB-1;ethanol;5;rot\n";
    let import = upload(&app, &by, "Liste%20%C3%A4.csv", list).await.created();
    assert_eq!((&import["name"], &import["state"]), (&json!("Liste ä.csv"), &json!("uploaded")));
    assert_eq!(import["size"], list.len());
    assert_eq!(import["sha256"], hex(digest(&SHA256, list.as_bytes())));
    let columns: Vec<_> = import["columns"].as_array().unwrap().iter().map(|it| it["column"].clone()).collect();
    assert_eq!(columns, [json!("code"), json!("chemical"), json!("amount"), json!(null)]);
    assert_eq!(import["sample"], json!([["B-1", "ethanol", "5", "rot"]]));
    assert_eq!((&import["missing"], &import["run"]), (&json!([]), &json!(null)));
    assert!(import["warnings"].to_string().contains("Farbe"), "{import}");
    assert_eq!(import["options"]["create_locations"], false);
    let path = app.path(&format!("/imports/{}", import["id"].as_str().unwrap()));
    assert_eq!(by.get(&path).await.ok(), import);
    let listed = by.get(&app.path("/imports")).await.ok();
    assert_eq!((&listed["items"][0]["id"], listed["items"].as_array().unwrap().len()), (&import["id"], 1));
    // Without a heading that is known it is a table all the same: a mapping says the rest.
    let unknown = upload(&app, &by, "b.csv", "a,b\n1,2\n").await.created();
    assert_eq!(unknown["missing"], json!(["code", "amount"]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_file_has_at_most_25_mib_to_the_byte(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let longest = list_of(MAX_UPLOAD);
    let longer = [longest.as_slice(), b"x"].concat();
    upload(&app, &by, "a.csv", longer.clone()).await.problem(413, "too-large");
    // Also where nobody says beforehand how long it is.
    let parts = longer.chunks(1_000_000).map(|part| Ok::<_, std::io::Error>(part.to_vec())).collect::<Vec<_>>();
    let stream = Body::from_stream(futures_util::stream::iter(parts));
    upload(&app, &by, "a.csv", stream).await.problem(413, "too-large");
    let length = longer.len().to_string();
    let said = [("content-type", "text/csv"), ("content-length", length.as_str())];
    send(&by, &app.path("/imports?name=a.csv"), &said, "").await.problem(413, "too-large");
    assert_eq!(count(&app.db, "select count(*) from imports").await, 0);
    assert_eq!(upload(&app, &by, "a.csv", longest).await.created()["size"], MAX_UPLOAD);
    assert_eq!(count(&app.db, KEPT).await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_file_whose_digest_or_length_is_another_is_not_kept(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let path = app.path("/imports?name=a.csv");
    let said = |text: &str| format!("sha-256=:{}:", BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes())));
    for name in ["content-digest", "repr-digest"] {
        let wrong = send(&by, &path, &[CSV[0], (name, &said("something else"))], LIST).await.problem(422, "invalid");
        assert!(wrong["errors"][0]["pointer"].as_str().unwrap().eq_ignore_ascii_case(name), "{wrong}");
        send(&by, &path, &[CSV[0], (name, "sha-256=nonsense")], LIST).await.problem(422, "invalid");
    }
    let longer = (LIST.len() + 1).to_string();
    send(&by, &path, &[CSV[0], ("content-length", &longer)], LIST).await.problem(400, "malformed");
    assert_eq!(count(&app.db, "select count(*) from imports").await, 0);
    send(&by, &path, &[CSV[0], ("content-digest", &said(LIST))], LIST).await.created();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_no_list_is_refused_as_the_command_refuses_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    for (content, part) in [
        (&b""[..], "the file is empty"),
        (b"\xff\xfen\0a\0", "UTF-16"),
        (b"name\nethanol\n\xc4ther\n", "line 3 is not UTF-8"),
        (b"PK\x03\x04", "the file is a workbook"),
        (b"code,code\nB-1,B-1\n", "rename one"),
    ] {
        let refused = upload(&app, &by, "a.csv", content).await.problem(422, "no-table");
        assert!(refused["detail"].as_str().unwrap().contains(part), "{refused}");
    }
    for headers in [&[("content-type", "application/json")][..], &[CSV[0], ("content-encoding", "gzip")], &[]] {
        send(&by, &app.path("/imports?name=a.csv"), headers, LIST).await.problem(415, "media-type");
    }
    for name in ["a%2Fb.csv", "..", "a%5Cb", "x%00"] {
        upload(&app, &by, name, LIST).await.problem(422, "invalid");
    }
    for role in ["viewer", "member"] {
        upload(&app, &app.client(role).await, "a.csv", LIST).await.problem(403, "forbidden");
    }
    assert_eq!(count(&app.db, "select count(*) from imports").await, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_same_file_again_under_its_id_is_kept_once_and_another_is_refused(db: PgPool) {
    let app = TestApp::new(db).await;
    let (by, other) = (app.client("manager").await, app.client("manager").await);
    let id = ids::new(app.now());
    let path = app.path(&format!("/imports?name=a.csv&id={id}"));
    // Whoever sends it twenty times at once gets one.
    let all = join_all((0..20).map(|_| send(&by, &path, &CSV, LIST))).await;
    let made = all.iter().filter(|answer| answer.status == 201).count();
    assert!(made == 1 && all.iter().all(|answer| [200, 201].contains(&answer.status.as_u16())), "{made}");
    assert!(all.iter().all(|answer| answer.body == all[0].body));
    assert_eq!((all[0].body["id"].clone(), count(&app.db, KEPT).await), (json!(id), 1));
    send(&by, &path, &CSV, format!("{LIST} ")).await.problem(409, "id-taken");
    send(&by, &path.replace("a.csv", "b.csv"), &CSV, LIST).await.problem(409, "id-taken");
    send(&other, &path, &CSV, LIST).await.problem(409, "id-taken");
    let old = app.path("/imports?name=a.csv&id=9b2f4c1e-3a5d-4f6b-8c7d-1e2f3a4b5c6d");
    let refused = send(&by, &old, &CSV, LIST).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "?id");
}

/// A client that hangs up in the middle, with a length and without one.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_file_that_breaks_off_leaves_nothing(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop, now) = (listener.local_addr().unwrap(), CancellationToken::new(), CancellationToken::new());
    let limits = Limits { pace: Pace::default(), drain: Duration::from_secs(1), most: 100 };
    let served = tokio::spawn(serve(listener, app.router.clone(), limits, stop.clone(), now));
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nAuthorization: Bearer {}\r\nConnection: close\r\n",
        app.path("/imports?name=a.csv"),
        by.token.as_deref().unwrap()
    );
    let chunk = format!("{:x}\r\n{LIST}\r\n", LIST.len());
    let whole = format!("Content-Length: {}\r\n\r\n{LIST}", LIST.len());
    for cut in [
        format!("Content-Length: {}\r\n\r\n{LIST}", LIST.len() + 1),
        format!("Transfer-Encoding: chunked\r\n\r\n{chunk}"),
        format!("Transfer-Encoding: chunked\r\n\r\n{}", &chunk[..chunk.len() - 7]),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{head}{cut}").as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        assert!(!String::from_utf8_lossy(&said).starts_with("HTTP/1.1 2"), "{}", String::from_utf8_lossy(&said));
    }
    assert_eq!(count(&app.db, "select count(*) from imports").await, 0);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}{whole}").as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 201"), "{said}");
    stop.cancel();
    served.await.unwrap();
}
