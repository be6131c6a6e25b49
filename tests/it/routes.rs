//! Every route, tried as nobody, engineer, manager of another team, manager and administrator. The
//! table is complete by construction: it is compared with the routes found in the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reqwest::{Client, Method, Response};

use thirtyfour::Cookie;

use crate::a11y;
use crate::cast::{Cast, Who};
use crate::fixtures;
use crate::support::browser::Browser;

/// A route, where to try it, and the status that each in [`Who::ALL`] gets, in that order, for a GET
/// or for a form without fields. `{engineer}` and so on stand for ids in the team payments.
struct Row {
    method: &'static str,
    route: &'static str,
    at: &'static str,
    statuses: [u16; 5],
}

/// A redirect to the sign-in page. No handler answers so.
const SIGN_IN: u16 = 0;

const fn row(
    method: &'static str,
    route: &'static str,
    at: &'static str,
    statuses: [u16; 5],
) -> Row {
    Row {
        method,
        route,
        at,
        statuses,
    }
}

/// The same for everybody.
const fn open(status: u16) -> [u16; 5] {
    [status; 5]
}

/// For whoever is signed in.
const fn signed_in(status: u16) -> [u16; 5] {
    [SIGN_IN, status, status, status, status]
}

/// For who is in the team, and administrators. Nobody else learns that it is there.
const fn member(status: u16) -> [u16; 5] {
    [SIGN_IN, status, 404, status, status]
}

/// For the team's managers, and administrators. Its engineers learn whom to ask.
const fn manager(status: u16) -> [u16; 5] {
    [SIGN_IN, 403, 404, status, status]
}

/// For administrators.
const fn admin(status: u16) -> [u16; 5] {
    [SIGN_IN, 404, 404, 404, status]
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("GET", "/healthz", "/healthz", open(200)),
    row("GET", "/readyz", "/readyz", open(200)),
    row("GET", "/static/{version}/{name}", "/static/0/app.css", open(200)),
    // People
    row("GET", "/sign-in", "/sign-in", [200, 303, 303, 303, 303]),
    row("POST", "/sign-in", "/sign-in", open(422)),
    row("POST", "/sign-out", "/sign-out", open(SIGN_IN)),
    row("GET", "/account", "/account", signed_in(200)),
    row("POST", "/account/profile", "/account/profile", signed_in(422)),
    row("POST", "/account/password", "/account/password", signed_in(422)),
    row("POST", "/account/contacts", "/account/contacts", signed_in(422)),
    row("POST", "/account/contacts/{id}", "/account/contacts/{contact}", signed_in(400)),
    row("POST", "/account/sessions/{id}/end", "/account/sessions/{session}/end", [SIGN_IN, 303, 404, 404, 404]),
    row("POST", "/account/sessions/end-others", "/account/sessions/end-others", signed_in(303)),
    row("GET", "/invitations/{token}", "/invitations/unknown", open(400)),
    row("POST", "/invitations/{token}", "/invitations/unknown", open(400)),
    row("GET", "/password/{token}", "/password/unknown", open(400)),
    row("POST", "/password/{token}", "/password/unknown", open(400)),
    row("GET", "/teams/{slug}/members", "/teams/payments/members", member(200)),
    row("GET", "/teams/{slug}/members/{id}", "/teams/payments/members/{engineer}", member(200)),
    row("POST", "/teams/{slug}/members/{id}", "/teams/payments/members/{engineer}", manager(422)),
    row("POST", "/teams/{slug}/members/{id}/removal", "/teams/payments/members/{engineer}/removal", manager(303)),
    row("POST", "/teams/{slug}/invitations", "/teams/payments/invitations", manager(422)),
    row("POST", "/teams/{slug}/invitations/{id}/removal", "/teams/payments/invitations/{invitation}/removal", manager(303)),
    row("GET", "/admin", "/admin", admin(200)),
    row("POST", "/admin/teams", "/admin/teams", admin(422)),
    row("POST", "/admin/people/{id}/reset-link", "/admin/people/{engineer}/reset-link", admin(200)),
    row("POST", "/admin/people/{id}/administrator", "/admin/people/{engineer}/administrator", admin(303)),
    // Requirements
    row("GET", "/requirements", "/requirements", signed_in(200)),
    row("POST", "/requirements/{id}/declaration", "/requirements/{requirement}/declaration", [SIGN_IN, 409, 404, 404, 404]),
    row("POST", "/requirements/{id}/request", "/requirements/{requirement}/request", [SIGN_IN, 409, 404, 404, 404]),
    row("POST", "/requirements/{id}/request/withdrawal", "/requirements/{requirement}/request/withdrawal", [SIGN_IN, 303, 404, 404, 404]),
    row("GET", "/teams/{slug}/requirements", "/teams/payments/requirements", manager(200)),
    row("POST", "/teams/{slug}/requirements", "/teams/payments/requirements", manager(422)),
    row("POST", "/teams/{slug}/requirements/requests/{id}/decision", "/teams/payments/requirements/requests/{request}/decision", manager(400)),
    row("GET", "/teams/{slug}/requirements/{id}", "/teams/payments/requirements/{requirement}", manager(200)),
    row("POST", "/teams/{slug}/requirements/{id}", "/teams/payments/requirements/{requirement}", manager(422)),
    row("POST", "/teams/{slug}/requirements/{id}/retirement", "/teams/payments/requirements/{requirement}/retirement", manager(303)),
    row("POST", "/teams/{slug}/requirements/{id}/restoration", "/teams/payments/requirements/{requirement}/restoration", manager(409)),
    row("GET", "/teams/{slug}/requirements/{id}/people/{person}", "/teams/payments/requirements/{requirement}/people/{engineer}", [SIGN_IN, 200, 404, 200, 200]),
    row("POST", "/teams/{slug}/requirements/{id}/people/{person}/sign-off", "/teams/payments/requirements/{requirement}/people/{engineer}/sign-off", manager(303)),
    row("POST", "/teams/{slug}/requirements/{id}/people/{person}/revocation", "/teams/payments/requirements/{requirement}/people/{engineer}/revocation", manager(422)),
    // Rotations
    row("GET", "/teams/{slug}/rotations", "/teams/payments/rotations", member(200)),
    row("POST", "/teams/{slug}/rotations", "/teams/payments/rotations", manager(422)),
    row("GET", "/teams/{slug}/rotations/new", "/teams/payments/rotations/new", manager(200)),
    row("GET", "/teams/{slug}/rotations/{id}", "/teams/payments/rotations/{rotation}", member(200)),
    row("POST", "/teams/{slug}/rotations/{id}", "/teams/payments/rotations/{rotation}", manager(409)),
    row("GET", "/teams/{slug}/rotations/{id}/edit", "/teams/payments/rotations/{rotation}/edit", manager(200)),
    row("POST", "/teams/{slug}/rotations/{id}/preview", "/teams/payments/rotations/{rotation}/preview", manager(422)),
    row("POST", "/teams/{slug}/rotations/{id}/removal", "/teams/payments/rotations/{rotation}/removal", manager(409)),
    row("POST", "/teams/{slug}/rotations/{id}/versions/{day}/removal", "/teams/payments/rotations/{rotation}/versions/2024-01-01/removal", manager(409)),
    row("GET", "/teams/{slug}/rotations/{id}/history", "/teams/payments/rotations/{rotation}/history", manager(200)),
    row("POST", "/teams/{slug}/rotations/{id}/history", "/teams/payments/rotations/{rotation}/history", manager(422)),
    row("POST", "/teams/{slug}/rotations/{id}/history/check", "/teams/payments/rotations/{rotation}/history/check", manager(422)),
    // On call
    row("GET", "/", "/", signed_in(200)),
    row("GET", "/teams/{slug}", "/teams/payments", member(200)),
    row("GET", "/shifts/{id}", "/shifts/{shift}", member(200)),
    // Cover
    row("POST", "/covers", "/covers", signed_in(404)),
    row("POST", "/shifts/{id}/assignment", "/shifts/{shift}/assignment", [SIGN_IN, 303, 404, 403, 403]),
    row("GET", "/covers/new", "/covers/new?shift={held}&role={role}&person={engineer}", [SIGN_IN, 200, 404, 200, 200]),
    row("GET", "/covers/{id}", "/covers/{cover}", member(200)),
    row("GET", "/covers/{id}/live", "/covers/{cover}/live?seen=-1", member(200)),
    row("POST", "/covers/{id}/answer", "/covers/{cover}/answer", member(303)),
    row("POST", "/covers/{id}/agreement", "/covers/{cover}/agreement", [SIGN_IN, 403, 404, 403, 403]),
    row("POST", "/covers/{id}/undo", "/covers/{cover}/undo", member(303)),
    row("POST", "/covers/{id}/asks", "/covers/{cover}/asks", manager(422)),
    row("POST", "/covers/{id}/assignment", "/covers/{cover}/assignment", manager(422)),
    row("POST", "/covers/{id}/approval", "/covers/{cover}/approval", manager(422)),
    row("POST", "/covers/{id}/closure", "/covers/{cover}/closure", [SIGN_IN, 403, 404, 303, 303]),
    row("POST", "/covers/{id}/withdrawal", "/covers/{cover}/withdrawal", [SIGN_IN, 303, 404, 303, 303]),
    row("GET", "/offers/{token}", "/offers/unknown", open(400)),
    row("POST", "/offers/{token}/answer", "/offers/unknown/answer", open(400)),
    row("POST", "/offers/{token}/undo", "/offers/unknown/undo", open(400)),
    row("GET", "/teams/{slug}/covers", "/teams/payments/covers", member(200)),
    row("GET", "/teams/{slug}/covers/live", "/teams/payments/covers/live?seen=-1", member(200)),
    row("POST", "/teams/{slug}/covers/settings", "/teams/payments/covers/settings", manager(303)),
    // Calendars
    row("GET", "/calendar", "/calendar", signed_in(200)),
    row("POST", "/calendar/feeds", "/calendar/feeds", signed_in(200)),
    row("POST", "/calendar/feeds/{id}", "/calendar/feeds/{feed}", [SIGN_IN, 303, 404, 404, 404]),
    row("POST", "/calendar/feeds/{id}/removal", "/calendar/feeds/{feed}/removal", [SIGN_IN, 303, 404, 404, 404]),
    row("POST", "/calendar/channel", "/calendar/channel", signed_in(422)),
    row("POST", "/calendar/channel/attempt", "/calendar/channel/attempt", signed_in(303)),
    row("POST", "/calendar/entries/{id}", "/calendar/entries/1", signed_in(400)),
    row("GET", "/calendar/{file}", "/calendar/unknown.ics", open(404)),
    // Reports
    row("GET", "/teams/{slug}/reports", "/teams/payments/reports", member(200)),
    row("GET", "/teams/{slug}/reports.csv", "/teams/payments/reports.csv", member(200)),
    row("GET", "/teams/{slug}/reports/shifts.csv", "/teams/payments/reports/shifts.csv", member(200)),
    row("GET", "/teams/{slug}/reports/cover.csv", "/teams/payments/reports/cover.csv", member(200)),
    // Planning
    row("GET", "/teams/{slug}/plan", "/teams/payments/plan", manager(303)),
    row("GET", "/teams/{slug}/plan/{month}", "/teams/payments/plan/2026-12", manager(200)),
    row("GET", "/teams/{slug}/plan/{month}/live", "/teams/payments/plan/2026-12/live", manager(404)),
    row("GET", "/teams/{slug}/plan/{month}/changes", "/teams/payments/plan/2026-12/changes", manager(404)),
    row("POST", "/teams/{slug}/plan/{month}/changes", "/teams/payments/plan/2026-12/changes", manager(404)),
    row("GET", "/teams/{slug}/plan/{month}/publication", "/teams/payments/plan/2026-12/publication", manager(200)),
    row("POST", "/teams/{slug}/plan/{month}/publication", "/teams/payments/plan/2026-12/publication", manager(404)),
    row("GET", "/teams/{slug}/plan/{month}/versions", "/teams/payments/plan/2026-12/versions", manager(200)),
    // Sources
    row("GET", "/availability/calendars", "/availability/calendars", signed_in(200)),
    row("POST", "/availability/calendars/addresses", "/availability/calendars/addresses", signed_in(422)),
    row("POST", "/availability/calendars/accounts", "/availability/calendars/accounts", signed_in(422)),
    row("POST", "/availability/calendars/files", "/availability/calendars/files", signed_in(400)),
    row("GET", "/availability/calendars/{id}", "/availability/calendars/{source}", [SIGN_IN, 200, 404, 404, 404]),
    row("POST", "/availability/calendars/{id}", "/availability/calendars/{source}", [SIGN_IN, 422, 404, 404, 404]),
    row("POST", "/availability/calendars/{id}/calendars", "/availability/calendars/{account}/calendars", [SIGN_IN, 303, 404, 404, 404]),
    row("POST", "/availability/calendars/{id}/file", "/availability/calendars/{source}/file", [SIGN_IN, 400, 404, 404, 404]),
    row("POST", "/availability/calendars/{id}/reading", "/availability/calendars/{source}/reading", [SIGN_IN, 303, 404, 404, 404]),
    row("POST", "/availability/calendars/{id}/removal", "/availability/calendars/{source}/removal", [SIGN_IN, 303, 404, 404, 404]),
    row("POST", "/availability/calendars/{id}/secret", "/availability/calendars/{account}/secret", [SIGN_IN, 422, 404, 404, 404]),
    row("POST", "/availability/leave/{id}", "/availability/leave/{leave}", [SIGN_IN, 400, 404, 404, 404]),
    row("GET", "/teams/{slug}/calendars", "/teams/payments/calendars", manager(200)),
    row("POST", "/teams/{slug}/calendars", "/teams/payments/calendars", manager(303)),
    // Notifications
    row("GET", "/notices", "/notices", signed_in(200)),
    row("POST", "/notices", "/notices", signed_in(422)),
    row("POST", "/notices/test", "/notices/test", signed_in(303)),
    row("GET", "/outbox", "/outbox", admin(200)),
    row("GET", "/outbox/{id}", "/outbox/{mail}", admin(200)),
    row("GET", "/outbox/{id}/html", "/outbox/{mail}/html", admin(200)),
    row("GET", "/undelivered", "/undelivered", admin(200)),
    row("POST", "/undelivered", "/undelivered", admin(303)),
    row("POST", "/undelivered/{id}", "/undelivered/{job}", admin(400)),
    // Webhooks
    row("GET", "/teams/{slug}/webhooks", "/teams/payments/webhooks", manager(200)),
    row("POST", "/teams/{slug}/webhooks", "/teams/payments/webhooks", manager(422)),
    row("POST", "/teams/{slug}/webhooks/{id}/test", "/teams/payments/webhooks/{webhook}/test", manager(303)),
    row("POST", "/teams/{slug}/webhooks/{id}/secret", "/teams/payments/webhooks/{webhook}/secret", manager(200)),
    row("POST", "/teams/{slug}/webhooks/{id}/removal", "/teams/payments/webhooks/{webhook}/removal", manager(303)),
    // Audit
    row("GET", "/teams/{slug}/audit", "/teams/payments/audit", manager(200)),
    // Availability
    row("GET", "/availability", "/availability", signed_in(200)),
    row("POST", "/availability/days", "/availability/days", signed_in(400)),
    row("POST", "/availability/range", "/availability/range", signed_in(400)),
    row("POST", "/availability/undo", "/availability/undo", signed_in(400)),
    row("POST", "/availability/entries/{entry}", "/availability/entries/1", signed_in(400)),
    row("POST", "/availability/entries/{entry}/removal", "/availability/entries/1/removal", signed_in(400)),
    row("POST", "/availability/pattern", "/availability/pattern", signed_in(400)),
    row("POST", "/availability/pattern/removal", "/availability/pattern/removal", signed_in(400)),
    row("POST", "/availability/utilisation", "/availability/utilisation", signed_in(400)),
    row("POST", "/availability/working-hours", "/availability/working-hours", signed_in(400)),
    row("POST", "/availability/answer", "/availability/answer", signed_in(400)),
    row("POST", "/availability/answer/removal", "/availability/answer/removal", signed_in(400)),
    row("GET", "/teams/{slug}/availability", "/teams/payments/availability", manager(200)),
    row("GET", "/teams/{slug}/availability/{person}", "/teams/payments/availability/{engineer}", manager(200)),
    row("POST", "/teams/{slug}/availability/{person}/days", "/teams/payments/availability/{engineer}/days", manager(400)),
    row("POST", "/teams/{slug}/availability/{person}/range", "/teams/payments/availability/{engineer}/range", manager(400)),
    row("POST", "/teams/{slug}/availability/{person}/undo", "/teams/payments/availability/{engineer}/undo", manager(400)),
    row("POST", "/teams/{slug}/availability/{person}/entries/{entry}", "/teams/payments/availability/{engineer}/entries/1", manager(400)),
    row("POST", "/teams/{slug}/availability/{person}/entries/{entry}/removal", "/teams/payments/availability/{engineer}/entries/1/removal", manager(400)),
    row("POST", "/teams/{slug}/availability/{person}/pattern", "/teams/payments/availability/{engineer}/pattern", manager(400)),
    row("POST", "/teams/{slug}/availability/{person}/pattern/removal", "/teams/payments/availability/{engineer}/pattern/removal", manager(400)),
    row("POST", "/teams/{slug}/availability/{person}/utilisation", "/teams/payments/availability/{engineer}/utilisation", manager(400)),
    row("POST", "/teams/{slug}/rounds", "/teams/payments/rounds", manager(400)),
    row("POST", "/teams/{slug}/rounds/removal", "/teams/payments/rounds/removal", manager(400)),
    row("POST", "/teams/{slug}/utilisation", "/teams/payments/utilisation", manager(400)),
];

/// The cast with something for every placeholder.
struct Stage {
    cast: Cast,
    client: Client,
    places: Vec<(&'static str, i64)>,
}

impl Stage {
    #[allow(clippy::too_many_lines)] // One thing for each placeholder.
    async fn new() -> Self {
        let cast = Cast::new().await;
        for who in Who::ALL {
            sqlx::query(
                "insert into sessions (person_id, token_hash, created_at, expires_at)
                select id, sha256(convert_to($1, 'UTF8')), '2026-11-01', '2027-01-01' from people where email = $1",
            )
            .bind(who.email())
            .execute(&cast.app.db)
            .await
            .unwrap();
        }
        let db = &cast.app.db;
        let roles = [("Primary", false)];
        let rotation = fixtures::rotation(db, &cast.payments, "Main", &roles, &[]).await;
        let month = "2026-11".parse().unwrap();
        fixtures::publish(db, &rotation, month, |_, _| None).await;
        // The engineer serves the month's last shift, and can't make it.
        sqlx::query(
            "update assignments set person_id = $1 where starts_at = (select max(starts_at) from assignments)",
        )
        .bind(cast.engineer)
        .execute(db)
        .await
        .unwrap();
        let one = async |sql| {
            sqlx::query_scalar(sql)
                .fetch_one(&cast.app.db)
                .await
                .unwrap()
        };
        let places = vec![
            ("{engineer}", cast.engineer.0),
            ("{rotation}", rotation.id.0),
            (
                "{session}",
                one("insert into sessions (person_id, token_hash, created_at, expires_at)
                    select id, sha256('other'), '2026-11-01', '2027-01-01' from people
                    where email = 'engineer@example.com' returning id")
                .await,
            ),
            (
                "{contact}",
                one("insert into contact_methods (person_id, kind, value, is_on_call_device)
                    select id, 'chat', '@ayse', true from people
                    where email = 'engineer@example.com' returning id")
                .await,
            ),
            ("{shift}", one("select min(id) from shifts").await),
            (
                "{held}",
                one("select shift_id from on_call where person_id is not null").await,
            ),
            ("{role}", rotation.roles[0].0),
            (
                "{cover}",
                one("insert into cover_requests (shift_id, role_id, starts_at, ends_at, person_id, kind, needs_approval,
                        made_by, made_at, open_until)
                    select shift_id, role_id, starts_at, ends_at, person_id, 'cover', false, person_id, '2026-11-01', starts_at
                    from on_call where person_id is not null returning id")
                .await,
            ),
            (
                "{mail}",
                one("insert into outbox (key, recipient, subject, body_text, body_html, written_at)
                    values ('k', 'a@example.com', 'Hello', 'Words', '<p>Words</p>', '2026-11-01') returning id")
                .await,
            ),
            (
                "{job}",
                one("insert into jobs (kind, key, lane, payload, created_at, due_at, next_at, state, finished_at, attempts, error)
                    values ('notice', 'j', 'l', '{\"title\": \"Hello\"}', '2026-11-01', '2026-11-01', '2026-11-01', 'failed', '2026-11-01', 1, 'no') returning id")
                .await,
            ),
            (
                "{webhook}",
                one("insert into webhooks (team_id, name, shape, place, address, secret, made_at)
                    select id, 'Pager', 'json', 'hooks.example.com', '\\x00', '\\x00', '2026-11-01' from teams
                    where slug = 'payments' returning id")
                .await,
            ),
            (
                "{feed}",
                one("insert into feeds (token_hash, person_id, created_at)
                    select sha256('feed'), id, '2026-11-01' from people
                    where email = 'engineer@example.com' returning id")
                .await,
            ),
            (
                "{invitation}",
                one("insert into one_time_links (token_hash, purpose, email, team_id, created_at, expires_at)
                    select sha256('invitation'), 'invitation', 'new@example.com', id, '2026-11-01', '2027-01-01'
                    from teams where slug = 'payments' returning id")
                .await,
            ),
            (
                "{requirement}",
                one("insert into requirements (team_id, title, needs_sign_off)
                    select id, 'Production access', true from teams where slug = 'payments' returning id")
                .await,
            ),
            (
                "{request}",
                one("insert into holdings (requirement_id, person_id, state, asked_at)
                    select r.id, p.id, 'pending', '2026-11-01' from requirements r, people p
                    where p.email = 'engineer@example.com' returning id")
                .await,
            ),
            (
                "{source}",
                one("insert into sources (person_id, name, kind, counts, place, connected_at)
                    select id, 'Work', 'file', 'busy', 'work.ics', '2026-11-01' from people
                    where email = 'engineer@example.com' returning id")
                .await,
            ),
            (
                "{account}",
                one("insert into sources (person_id, name, kind, counts, place, secret, connected_at)
                    select id, 'Private', 'account', 'busy', 'ayse at dav.example.com', '\\x00', '2026-11-01' from people
                    where email = 'engineer@example.com' returning id")
                .await,
            ),
            (
                "{leave}",
                one("insert into leave_proposals (source_id, starts_at, ends_at, state)
                    select id, '2026-12-07', '2026-12-09', 'proposed' from sources where kind = 'file' returning id")
                .await,
            ),
        ];
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            cast,
            client,
            places,
        }
    }

    fn path(&self, at: &str) -> String {
        let mut path = at.to_owned();
        for (name, id) in &self.places {
            path = path.replace(name, &id.to_string());
        }
        assert!(!path.contains('{'), "nothing stands for {path}");
        path
    }

    async fn ask(&self, who: Who, method: &str, at: &str) -> Response {
        let path = self.path(at);
        let method: Method = method.parse().unwrap();
        let address = format!("{}{path}", self.cast.app.url);
        let mut request = self.client.request(method.clone(), address);
        if method == Method::POST {
            request = request.form::<[(&str, &str)]>(&[]);
        }
        if who != Who::Nobody {
            request = request.header("cookie", format!("session={}", who.email()));
        }
        request.send().await.unwrap()
    }
}

fn status(response: &Response) -> u16 {
    let location = response.headers().get("location");
    let to_sign_in = location.is_some_and(|l| l.to_str().unwrap().starts_with("/sign-in"));
    if to_sign_in {
        SIGN_IN
    } else {
        response.status().as_u16()
    }
}

#[tokio::test]
async fn everybody_gets_what_is_theirs() {
    let mut wrong = Vec::new();
    let reading = Stage::new().await;
    for row in TABLE {
        for (who, wanted) in Who::ALL.into_iter().zip(row.statuses) {
            // What changes something has a stage of its own; what is refused changes nothing.
            let changes = row.method != "GET" && [200, 303].contains(&wanted);
            let own;
            let stage = if changes || row.at == "/sign-out" {
                own = Stage::new().await;
                &own
            } else {
                &reading
            };
            let response = stage.ask(who, row.method, row.at).await;
            let got = status(&response);
            if got != wanted {
                wrong.push(format!(
                    "{} {} as {who:?}: {got}, not {wanted}",
                    row.method, row.at
                ));
            }
            let cookie = response.headers().get("set-cookie");
            let signs_in = cookie.is_some_and(|c| {
                c.to_str().unwrap().starts_with("session=")
                    && !c.to_str().unwrap().contains("Max-Age=0")
            });
            assert!(!signs_in, "{} {} as {who:?}", row.method, row.at);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn ids_of_another_team_and_unknown_teams_are_not_there() {
    let stage = Stage::new().await;
    for row in TABLE.iter().filter(|row| row.route.starts_with("/teams/")) {
        // An administrator sees both teams, so only the id is wrong.
        if row.at.contains('{') {
            let at = row.at.replace("/payments/", "/search/");
            let response = stage.ask(Who::Administrator, row.method, &at).await;
            assert!(
                [404, 422].contains(&response.status().as_u16()),
                "{} {at}: {}",
                row.method,
                response.status()
            );
            assert!(!response.text().await.unwrap().contains("Ayşe"), "{at}");
        }
        for who in [Who::Engineer, Who::Administrator] {
            let at = row.at.replace("/payments", "/unknown");
            let response = stage.ask(who, row.method, &at).await;
            assert_eq!(response.status(), 404, "{} {at} as {who:?}", row.method);
        }
    }
    let kept = "select (select count(*) from team_members where team_id = (select id from teams where slug = 'payments'))
        + (select count(*) from one_time_links)";
    assert_eq!(stage.cast.count(kept).await, 3, "nothing was changed");
}

#[tokio::test]
async fn get_never_changes_anything() {
    let stage = Stage::new().await;
    // The youngest transaction that wrote a row, and the number of rows, for every table.
    let writes = async || {
        let sql = "select string_agg(t::text, ' ' order by t::text) from (
            select relname, xmin_max from (
                select c.relname, (xpath('/row/c/text()', query_to_xml(format(
                    'select coalesce(max(xmin::text::bigint), 0) || '':'' || count(*) as c from %I', c.relname),
                    false, true, '')))[1]::text as xmin_max
                from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where c.relkind = 'r' and n.nspname = 'public') x) t";
        sqlx::query_scalar::<_, String>(sql)
            .fetch_one(&stage.cast.app.db)
            .await
            .unwrap()
    };
    let before = writes().await;
    for row in TABLE.iter().filter(|row| row.method == "GET") {
        for who in Who::ALL {
            stage.ask(who, "GET", row.at).await;
            assert_eq!(writes().await, before, "GET {} as {who:?}", row.at);
        }
    }
    stage.ask(Who::Engineer, "POST", "/sign-out").await;
    assert_ne!(writes().await, before, "a change is noticed");
}

#[tokio::test]
async fn every_page_is_fit_for_everybody() {
    let stage = Stage::new().await;
    let browser = Browser::open().await;
    let mut wrong = Vec::new();
    for who in [Who::Engineer, Who::Manager, Who::Administrator] {
        let place = Who::ALL.iter().position(|other| *other == who).unwrap();
        browser.goto(stage.cast.app.url.as_str()).await.unwrap();
        let cookie = Cookie::new("session", who.email());
        browser.add_cookie(cookie).await.unwrap();
        for row in TABLE.iter().filter(|row| row.method == "GET") {
            let answer = stage.ask(who, "GET", row.at).await;
            let kind = answer.headers().get("content-type");
            let is_page = kind.is_some_and(|k| k.to_str().unwrap().starts_with("text/html"));
            // A mail is no page of ours: it is shown in a frame of one.
            let is_mail = row.route == "/outbox/{id}/html";
            if !is_page || is_mail || row.statuses[place] != 200 {
                continue;
            }
            let address = format!("{}{}", stage.cast.app.url, stage.path(row.at));
            browser.goto(address).await.unwrap();
            for (width, dark) in [(1280, false), (320, true)] {
                browser.resize(width, 900).await;
                browser.prefer_dark(dark).await;
                for problem in a11y::problems(&browser).await {
                    wrong.push(format!("{} as {who:?}, {width} wide: {problem}", row.at));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_has_every_route() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    scan(&source, &mut found);
    assert!(found.contains(&("POST".to_owned(), "/admin/teams".to_owned())));
    let listed: BTreeSet<_> = TABLE
        .iter()
        .map(|row| (row.method.to_owned(), row.route.to_owned()))
        .collect();
    let missing: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "add to TABLE who may do it: {missing:#?}\ntake out of TABLE: {gone:#?}"
    );
}

/// Finds the routes of all files: `.route("PATH", get(..).post(..))`.
fn scan(folder: &Path, found: &mut BTreeSet<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scan(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let code = fs::read_to_string(&path).unwrap();
            let code = code.split("#[cfg(test)]").next().unwrap();
            for call in code.split(".route(").skip(1) {
                let route = call.split('"').nth(1).unwrap();
                let rest = &call[call.find(route).unwrap() + route.len()..];
                // Up to where the call ends: its parentheses are balanced.
                let mut depth = 1;
                let end = rest.find(|c| {
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    depth == 0
                });
                let handlers = &rest[..end.unwrap()];
                let mut methods = 0;
                for method in ["get", "post", "put", "patch", "delete", "any"] {
                    let calls = [
                        format!(" {method}("),
                        format!(".{method}("),
                        format!("::{method}("),
                    ];
                    let lines = handlers.split_whitespace().collect::<Vec<_>>().join(" ");
                    if calls.iter().any(|call| lines.contains(call)) {
                        methods += 1;
                        found.insert((method.to_uppercase(), route.to_owned()));
                    }
                }
                assert!(methods > 0, "{route} in {}: {handlers}", path.display());
            }
        }
    }
}
