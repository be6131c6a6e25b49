//! People's own calendars: connected, read again and again, and what follows from them.

mod belief;
mod clashes;
mod counted;
mod dav;
mod files;
mod follow;
mod journey;
mod kept;
mod leave;
mod private;
mod reading;
pub mod server;
mod turns;

use chrono::TimeDelta;
use fairshift::state::AppState;
use fairshift::vocab::Month;
use fairshift::{app, availability, jobs};

use crate::fixtures::{self, Payments};
use crate::support::TestApp;
use crate::support::visitor::{Page, Visitor};
use server::Server;

const HOME: &str = "/availability/calendars";
const DECEMBER: &str = "/availability?month=2026-12";

/// A calendar with these events: lines between BEGIN:VEVENT and END:VEVENT.
pub fn calendar(events: &[&str]) -> String {
    let events = events.iter().enumerate().map(|(number, event)| {
        let event = event.replace('\n', "\r\n");
        format!(
            "BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Very private {number}\r\n{event}\r\nEND:VEVENT\r\n"
        )
    });
    let events: String = events.collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

/// Tuesday 1 December, 10:00 to 12:00 in Istanbul.
const MEETING: &str = "DTSTART:20261201T070000Z\nDTEND:20261201T090000Z";
/// Every working day of December from 09:00 to 13:00 in Istanbul: half of working time.
const HALF: &str = "DTSTART;TZID=Europe/Istanbul:20261201T090000\nDTEND;TZID=Europe/Istanbul:20261201T130000\nRRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20261231T210000Z";
/// 7 to 9 December, out of office.
const AWAY: &str =
    "DTSTART;VALUE=DATE:20261207\nDTEND;VALUE=DATE:20261210\nX-MICROSOFT-CDO-BUSYSTATUS:OOF";

struct Stage {
    app: TestApp,
    crew: Payments,
    server: Server,
    ayse: Visitor,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let crew = fixtures::payments(&app.db).await;
        let ayse = app.visitor();
        ayse.sign_in(&crew.ayse.email, fixtures::PASSWORD).await;
        Self {
            crew,
            server: Server::start().await,
            ayse,
            app,
        }
    }

    async fn carla(&self) -> Visitor {
        let carla = self.app.visitor();
        carla
            .sign_in(&self.crew.carla.email, fixtures::PASSWORD)
            .await;
        carla
    }

    /// Ayşe connects what the server has at this path.
    async fn connect(&self, path: &str) -> Page {
        let address = self.server.at(path);
        let fields = [("address", address.as_str()), ("address_name", "Work")];
        self.ayse
            .submit("/availability/calendars/addresses", &fields)
            .await
    }

    async fn one<T>(&self, sql: &'static str) -> T
    where
        T: Send + Unpin + sqlx::Type<sqlx::Postgres> + for<'r> sqlx::Decode<'r, sqlx::Postgres>,
    {
        sqlx::query_scalar(sql)
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }

    /// The page of the only calendar.
    async fn page(&self) -> Page {
        let id: i64 = self.one("select max(id) from sources").await;
        self.ayse.get(&format!("{HOME}/{id}")).await
    }

    /// Reads the only calendar again, at once.
    async fn read_again(&self) -> Page {
        // Pressing the button twice in a row is held back; an hour later it isn't.
        self.app.clock.advance(TimeDelta::minutes(1));
        let id: i64 = self.one("select max(id) from sources").await;
        self.ayse.submit(&format!("{HOME}/{id}/reading"), &[]).await;
        self.run().await;
        self.page().await
    }

    async fn run(&self) -> usize {
        run(&self.app.state).await
    }

    async fn spans(&self) -> i64 {
        self.one("select count(*) from source_spans").await
    }

    /// What counts for Ayşe in December, in percent.
    async fn december(&self) -> Option<i16> {
        let (ayse, month) = (self.crew.ayse.id, december());
        let mut conn = self.app.db.acquire().await.unwrap();
        let known = availability::utilisations(&mut conn, &[ayse], &[month]).await;
        known.unwrap().get(&(ayse, month)).map(|u| u.percent)
    }
}

async fn run(state: &AppState) -> usize {
    jobs::run_due(state, &app::handlers()).await.unwrap()
}

fn december() -> Month {
    "2026-12".parse().unwrap()
}

/// Another process on the same database, with Ayşe signed in.
async fn serve(stage: &Stage, process: AppState) -> Visitor {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service =
        app::router(process).into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let visitor = Visitor::new(&url);
    visitor
        .sign_in(&stage.crew.ayse.email, fixtures::PASSWORD)
        .await;
    visitor
}

/// A form with a file, as a browser sends it.
async fn upload(
    visitor: &Visitor,
    path: &str,
    fields: &[(&str, &str)],
    file: &[u8],
) -> (u16, String) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--X7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    body.extend(b"--X7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"work.ics\"\r\nContent-Type: text/calendar\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--X7--\r\n");
    let request = visitor
        .client()
        .post(visitor.address(path))
        .header("origin", visitor.address(""))
        .header("content-type", "multipart/form-data; boundary=X7")
        .body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
