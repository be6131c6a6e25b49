//! Members, invitations, password links, contact methods, the administrator's pages.

use chrono::TimeDelta;
use fairshift::people;

use crate::cast::{Cast, PASSWORD, Who};
use crate::fixtures;
use crate::planning::serial_free::race;
use crate::support::visitor::{Page, Visitor};

const NEW_PASSWORD: &str = "new horse battery";

/// What nobody may be called, each with what the message says.
const BAD_NAMES: [(&str, &str); 6] = [
    ("", "can't be empty"),
    ("   ", "can't be empty"),
    ("a\u{202E}b", "can't be shown"),
    ("a\u{7}b", "can't be shown"),
    ("a\nb", "can't be shown"),
    ("a\0b", "can't be shown"),
];

/// The form must have failed at just this field, with this message.
fn assert_refused(page: &Page, field: &str, message: &str) {
    assert_eq!(page.status, 422, "{field}: {}", page.text());
    let wrong = page.all(".wrong").join(" ");
    let found = wrong.to_lowercase().contains(&message.to_lowercase());
    assert!(found, "{field}: {wrong}");
    assert_eq!(
        page.attributes("[aria-invalid=true]", "id"),
        [field],
        "{wrong}"
    );
    let links = page.attributes(".problem a", "href");
    assert_eq!(links, [format!("#{field}")]);
    assert_eq!(page.attributes(&links[0], "id"), [field], "it leads there");
    let described = page.attributes(&links[0], "aria-describedby").join("");
    assert!(described.contains(&format!("{field}-error")));
}

async fn invite(manager: &Visitor, email: &str) -> String {
    let fields = [("email", email), ("is_engineer", "yes")];
    let page = manager
        .post_form("/teams/payments/invitations", &fields)
        .await;
    assert_eq!(page.status, 200, "{}", page.text());
    let link = page.attributes("#invitation-link", "value")[0].clone();
    link[link.find("/invitations/").unwrap()..].to_owned()
}

fn newcomer<'a>(name: &'a str, zone: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("name", name),
        ("time_zone", zone),
        ("password", NEW_PASSWORD),
        ("again", NEW_PASSWORD),
    ]
}

#[tokio::test]
async fn somebody_new_joins_by_a_link_that_works_once() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let link = invite(&manager, "New@Example.com").await;
    let members = manager.get("/teams/payments/members").await;
    assert!(members.text().contains("new@example.com"));
    assert!(!members.body.contains(&link), "shown only once");

    let visitor = cast.app.visitor();
    // Opening it, as mail scanners do, changes nothing.
    for _ in 0..2 {
        let page = visitor.get(&link).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.all("h1"), ["Join Payments"]);
    }
    let made = "select count(*) from people where email = 'new@example.com'";
    for (fields, field, message) in [
        (newcomer("", "Asia/Tokyo"), "name", "can't be empty"),
        (
            newcomer("Noor", "Mars/Base"),
            "time_zone",
            "not a time zone",
        ),
    ] {
        let page = visitor.post_form(&link, &fields).await;
        assert_refused(&page, field, message);
        assert_eq!(page.attributes("#name", "value"), [fields[0].1]);
        assert!(!page.body.contains(NEW_PASSWORD));
    }
    let mut differ = newcomer("Noor", "Asia/Tokyo");
    differ[3].1 = "other horse battery";
    assert_refused(&visitor.post_form(&link, &differ).await, "again", "differ");
    assert_eq!(cast.count(made).await, 0);

    let home = visitor
        .post_form(&link, &newcomer("Noor", "Asia/Tokyo"))
        .await;
    assert_eq!(
        (home.status, home.location().as_str()),
        (303, "/teams/payments")
    );
    let members = visitor.get("/teams/payments/members").await;
    assert!(members.text().contains("Noor"), "signed in, and a member");
    assert!(!members.body.contains("/removal"), "as an engineer");

    for page in [
        visitor.get(&link).await,
        visitor
            .post_form(&link, &newcomer("Noor", "Asia/Tokyo"))
            .await,
    ] {
        assert_eq!(page.status, 400);
        assert!(page.text().contains("This link has been used"));
    }
    assert_eq!(cast.count(made).await, 1);
    let again = [("email", "new@example.com"), ("is_engineer", "yes")];
    let page = manager
        .post_form("/teams/payments/invitations", &again)
        .await;
    assert_refused(&page, "email", "is in Payments already");
}

#[tokio::test]
async fn a_link_serves_one_of_two_people_at_once() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let link = invite(&manager, "new@example.com").await;
    let join = async |name| {
        let visitor = cast.app.visitor();
        visitor
            .post_form(&link, &newcomer(name, "UTC"))
            .await
            .status
    };
    let (one, two) = tokio::join!(join("One"), join("Two"));
    let mut both = [one, two];
    both.sort_unstable();
    assert!(both == [303, 400] || both == [303, 409], "{both:?}");
    let made = "select count(*) from people where email = 'new@example.com'";
    assert_eq!(cast.count(made).await, 1);
}

#[tokio::test]
async fn two_teams_invite_the_same_stranger() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let other = cast.visitor(Who::OtherManager).await;
    let one = invite(&manager, "new@example.com").await;
    let fields = [("email", "new@example.com"), ("is_manager", "yes")];
    let page = other.post_form("/teams/search/invitations", &fields).await;
    let two = page.attributes("#invitation-link", "value")[0].clone();
    let two = two[two.find("/invitations/").unwrap()..].to_owned();
    let visitor = cast.app.visitor();
    let accepted = visitor.post_form(&one, &newcomer("Noor", "UTC")).await;
    assert_eq!(accepted.status, 303);
    // In another browser the account's password is asked for, in this one it is one click.
    let stranger = cast
        .app
        .visitor()
        .post_form(&two, &newcomer("X", "UTC"))
        .await;
    assert!(stranger.location().starts_with("/sign-in?next="));
    let page = visitor.get(&two).await;
    assert!(page.all("input[type=password]").is_empty());
    assert_eq!(visitor.post_form(&two, &[]).await.status, 303);
    let members = visitor.get("/teams/search/members").await;
    assert!(
        members.body.contains("/teams/search/invitations"),
        "a manager there"
    );
}

#[tokio::test]
async fn an_account_that_exists_is_never_opened_by_an_invitation() {
    let cast = Cast::new().await;
    let (email, name) = ("boss@example.com".parse().unwrap(), "Boss".parse().unwrap());
    people::invite_admin(&cast.app.db, &email, &name, &cast.app.clock)
        .await
        .unwrap();
    // The manager sees the link of an administrator who has not chosen a password yet.
    let manager = cast.visitor(Who::Manager).await;
    for email in ["boss@example.com", "other@example.com"] {
        let link = invite(&manager, email).await;
        let stranger = cast.app.visitor();
        let page = stranger.get(&link).await;
        assert!(page.all("input[type=password]").is_empty(), "{email}");
        assert!(page.text().contains("has an account already"));
        let page = stranger.post_form(&link, &newcomer("Evil", "UTC")).await;
        assert!(page.location().starts_with("/sign-in?next="), "{email}");
        assert_eq!(stranger.get("/account").await.status, 303);

        // Signed in as somebody else there is a way out of it, and back.
        let page = manager.get(&link).await;
        assert!(page.text().contains("You are signed in as Mia Lindqvist"));
        assert_eq!(page.attributes("main form", "action"), ["/sign-out"]);
        assert_eq!(
            page.attributes("input[name=next]", "value"),
            [link.as_str()]
        );
    }
    let boss =
        "select count(*) from people where email = 'boss@example.com' and password_hash is null";
    assert_eq!(cast.count(boss).await, 1);

    let link = invite(&manager, "other@example.com").await;
    let answer = manager.post_form("/sign-out", &[("next", &link)]).await;
    assert!(
        answer
            .location()
            .starts_with("/sign-in?next=%2Finvitations")
    );
    let other = cast.visitor(Who::OtherManager).await;
    assert_eq!(other.get(&link).await.status, 200);
    assert_eq!(other.post_form(&link, &[]).await.status, 303);
    assert_eq!(other.get("/teams/payments/members").await.status, 200);
}

#[tokio::test]
async fn invitations_expire_are_replaced_and_withdrawn() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let gone = async |link: &str| cast.app.visitor().get(link).await.status == 400;
    let first = invite(&manager, "new@example.com").await;
    let second = invite(&manager, "new@example.com").await;
    assert!(gone(&first).await && !gone(&second).await, "replaced");

    let page = manager.get("/teams/payments/members").await;
    let withdraw = page.attributes("form[action*='/invitations/']", "action")[0].clone();
    let other = cast.visitor(Who::OtherManager).await;
    assert_eq!(other.post_form(&withdraw, &[]).await.status, 404);
    let elsewhere = withdraw.replace("payments", "search");
    assert_eq!(other.post_form(&elsewhere, &[]).await.status, 404);
    assert!(!gone(&second).await);
    let page = manager.submit(&withdraw, &[]).await;
    assert!(page.all(".flash")[0].contains("withdrawn"));
    assert!(gone(&second).await);
    assert_eq!(manager.post_form(&withdraw, &[]).await.status, 404);

    let third = invite(&manager, "new@example.com").await;
    cast.app
        .clock
        .advance(TimeDelta::days(14) - TimeDelta::seconds(1));
    assert!(!gone(&third).await);
    cast.app.clock.advance(TimeDelta::seconds(1));
    assert!(gone(&third).await, "too old");
    let page = manager.get("/teams/payments/members").await;
    assert!(!page.text().contains("new@example.com"));
    assert!(gone("/invitations/0").await && gone("/invitations/%F0%9F%98%80").await);
}

#[tokio::test]
async fn an_invitation_needs_an_address_and_a_part_to_play() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let long = format!("{}@example.com", "x".repeat(10_000));
    for (email, message) in [
        ("", "not an e-mail address"),
        ("<b>@x", "not an e-mail address"),
        ("a\u{200F}@example.com", "can't be shown"),
        (long.as_str(), "too long"),
    ] {
        let fields = [("email", email), ("is_engineer", "yes")];
        let page = manager
            .post_form("/teams/payments/invitations", &fields)
            .await;
        assert_refused(&page, "email", message);
        assert_eq!(page.attributes("#email", "value"), [email]);
    }
    let page = manager
        .post_form("/teams/payments/invitations", &[("email", "a@b.org")])
        .await;
    assert_refused(&page, "is_engineer", "Choose what they will be");
    assert_eq!(cast.count("select count(*) from one_time_links").await, 0);
}

#[tokio::test]
async fn an_administrators_link_sets_a_password_once() {
    let cast = Cast::new().await;
    let admin = cast.visitor(Who::Administrator).await;
    let engineer = cast.visitor(Who::Engineer).await;
    let make = async || {
        let path = format!("/admin/people/{}/reset-link", cast.engineer);
        let page = admin.post_form(&path, &[]).await;
        let link = page.attributes("#reset-link", "value")[0].clone();
        assert!(link.starts_with(&cast.app.url));
        link[cast.app.url.len()..].to_owned()
    };
    let old = make().await;
    let link = make().await;
    let visitor = cast.app.visitor();
    assert_eq!(visitor.get(&old).await.status, 400, "replaced");
    assert_eq!(visitor.get(&link).await.status, 200);
    assert_eq!(engineer.get("/account").await.status, 200);
    let short = [("password", "short"), ("again", "short")];
    let page = visitor.post_form(&link, &short).await;
    assert_refused(&page, "password", "at least 10 characters");
    let fields = [("password", NEW_PASSWORD), ("again", NEW_PASSWORD)];
    // A link of one kind is no link of the other.
    let other_kind = link.replace("/password/", "/invitations/");
    assert_eq!(visitor.post_form(&other_kind, &fields).await.status, 400);
    assert_eq!(visitor.post_form(&link, &fields).await.status, 303);
    assert_eq!(visitor.get("/account").await.status, 200);
    assert_eq!(engineer.get("/account").await.status, 303, "sessions ended");
    assert_eq!(visitor.post_form(&link, &fields).await.status, 400);
    cast.app
        .visitor()
        .sign_in("engineer@example.com", NEW_PASSWORD)
        .await;

    let late = make().await;
    cast.app.clock.advance(TimeDelta::hours(48));
    assert_eq!(visitor.post_form(&late, &fields).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_links_made_at_once_one_works_and_none_outlives_the_password() {
    let cast = Cast::new().await;
    let admin = cast.visitor(Who::Administrator).await;
    let engineer = cast.visitor(Who::Engineer).await;
    let path = format!("/admin/people/{}/reset-link", cast.engineer);
    let make = |_| {
        let (admin, path) = (admin.clone(), path.clone());
        async move { admin.post_form(&path, &[]).await }
    };
    let mut working = 0;
    for page in race(12, make).await {
        assert_eq!(page.status, 200, "{}", page.text());
        let link = page.attributes("#reset-link", "value")[0].clone();
        let answer = cast.app.visitor().get(&link[cast.app.url.len()..]).await;
        working += usize::from(answer.status == 200);
    }
    assert_eq!(working, 1);
    // Whoever had a link to an account whose password is changed has it no more.
    let fields = [
        ("password", PASSWORD),
        ("new_password", NEW_PASSWORD),
        ("again", NEW_PASSWORD),
    ];
    let page = engineer.post_form("/account/password", &fields).await;
    assert_eq!(page.status, 303, "{}", page.text());
    let open = "select count(*) from one_time_links where used_at is null";
    assert_eq!(cast.count(open).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_hashed_for_who_has_no_link() {
    let cast = Cast::new().await;
    let visitor = cast.app.visitor();
    let fields = [("password", NEW_PASSWORD), ("again", NEW_PASSWORD)];
    // More than may wait for a hash at the same time.
    let post = |_| {
        let visitor = visitor.clone();
        async move { visitor.post_form("/password/none", &fields).await.status }
    };
    let answers = race(100, post).await;
    assert!(answers.iter().all(|status| *status == 400), "{answers:?}");
}

#[tokio::test]
async fn a_profile_keeps_what_was_typed_and_shows_markup_as_text() {
    let cast = Cast::new().await;
    let engineer = cast.visitor(Who::Engineer).await;
    let save = async |name: &str, zone: &str| {
        let fields = [("name", name), ("time_zone", zone)];
        engineer.post_form("/account/profile", &fields).await
    };
    let long = "x".repeat(10_000);
    let bad = BAD_NAMES.into_iter().chain([(long.as_str(), "too long")]);
    for (name, message) in bad {
        let page = save(name, "Asia/Tokyo").await;
        assert_refused(&page, "name", message);
        // NUL can't be in a page; what stands for it is.
        let kept = name.replace('\0', "\u{FFFD}");
        assert_eq!(page.attributes("#name", "value"), [kept]);
        assert_eq!(page.attributes("#time_zone", "value"), ["Asia/Tokyo"]);
    }
    for zone in ["", "Mars/Base", "GMT+25", "../../etc/passwd"] {
        let page = save("Ayşe", zone).await;
        assert_refused(&page, "time_zone", "not a time zone");
        assert_eq!(page.attributes("#time_zone", "value"), [zone]);
    }
    let unchanged =
        "select count(*) from people where name = 'Ayşe Demir' and time_zone = 'Europe/Istanbul'";
    assert_eq!(cast.count(unchanged).await, 1, "nothing was changed");

    let markup = "<script>alert(1)</script>\"'&";
    assert_eq!(save(markup, "Asia/Tokyo").await.status, 303);
    let manager = cast.visitor(Who::Manager).await;
    for (visitor, path) in [
        (&engineer, "/account".to_owned()),
        (&manager, "/teams/payments/members".to_owned()),
        (
            &manager,
            format!("/teams/payments/members/{}", cast.engineer),
        ),
    ] {
        let page = visitor.get(&path).await;
        assert!(page.text().contains(markup), "{path}");
        assert!(!page.body.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn contact_methods_have_one_device_that_colleagues_see() {
    let cast = Cast::new().await;
    let engineer = cast.visitor(Who::Engineer).await;
    let add = async |kind: &str, value: &str, visible: &str| {
        let fields = [("kind", kind), ("value", value), ("visible", visible)];
        engineer.post_form("/account/contacts", &fields).await
    };
    let long = "1".repeat(10_000);
    for (kind, value, field, message) in [
        ("phone", "call me", "value", "phone number"),
        ("phone", "12", "value", "phone number"),
        ("phone", &long, "value", "too long"),
        ("sms", "+90 \u{202E}532", "value", "can't be shown"),
        ("email", "nowhere", "value", "e-mail address"),
        ("chat", "", "value", "can't be empty"),
        ("fax", "123456", "kind", "choose how"),
    ] {
        let page = add(kind, value, "yes").await;
        assert_eq!(page.status, 422, "{kind} {value}");
        let wrong = page.all(".wrong").join(" ").to_lowercase();
        assert!(wrong.contains(message), "{kind}: {wrong}");
        assert_eq!(page.attributes("[aria-invalid=true]", "id"), [field]);
        assert_eq!(page.attributes("#value", "value"), [value]);
    }
    assert_eq!(cast.count("select count(*) from contact_methods").await, 0);

    // The first is the device, and seen even when that was not asked for.
    assert_eq!(add("phone", "+90 532 000 00 01", "").await.status, 303);
    assert_eq!(add("chat", "@ayse", "").await.status, 303);
    assert_refused(
        &add("chat", "@ayse", "yes").await,
        "value",
        "have this one already",
    );
    let account = engineer.get("/account").await;
    let items = account.all("#contacts li");
    assert!(items[0].contains("on-call device") && items[0].contains("colleagues see it"));
    assert!(items[1].contains("managers only"));
    let actions = account.attributes("#contacts li form", "action");
    let (phone, chat) = (actions[0].clone(), actions[1].clone());

    let member = format!("/teams/payments/members/{}", cast.engineer);
    let colleague = fixtures::person(&cast.app.db, "colleague", "Cem", chrono_tz::UTC).await;
    fixtures::join(&cast.app.db, &cast.payments, &colleague, false, true).await;
    let colleague = cast.app.visitor();
    colleague.sign_in("colleague@example.com", PASSWORD).await;
    assert!(!colleague.get(&member).await.text().contains("@ayse"));
    let manager = cast.visitor(Who::Manager).await;
    assert!(manager.get(&member).await.text().contains("@ayse"));

    // The device can be neither hidden nor removed while there is another.
    for action in ["hide", "remove", "explode", ""] {
        let page = engineer.post_form(&phone, &[("action", action)]).await;
        assert_eq!(page.status, 400, "{action}");
    }
    // Somebody else's are not there.
    for action in ["device", "show", "hide", "remove"] {
        let page = manager.post_form(&chat, &[("action", action)]).await;
        assert_eq!(page.status, 400, "{action}");
    }
    let page = engineer.submit(&chat, &[("action", "device")]).await;
    assert_eq!(page.all(".flash"), ["This is your on-call device now."]);
    assert!(colleague.get(&member).await.text().contains("@ayse"));
    engineer.submit(&phone, &[("action", "hide")]).await;
    assert!(!colleague.get(&member).await.text().contains("+90 532"));
    engineer.submit(&phone, &[("action", "show")]).await;
    engineer.submit(&phone, &[("action", "remove")]).await;
    engineer.submit(&chat, &[("action", "remove")]).await;
    assert_eq!(cast.count("select count(*) from contact_methods").await, 0);

    for number in 0..20 {
        let handle = format!("@ayse{number}");
        assert_eq!(add("chat", &handle, "yes").await.status, 303);
    }
    assert_refused(&add("chat", "@more", "yes").await, "value", "20 of them");
}

#[tokio::test]
async fn choosing_devices_at_once_leaves_exactly_one() {
    let cast = Cast::new().await;
    let engineer = cast.visitor(Who::Engineer).await;
    let add = async |handle: &str| {
        let fields = [("kind", "chat"), ("value", handle)];
        engineer
            .post_form("/account/contacts", &fields)
            .await
            .status
    };
    let added = tokio::join!(add("@a"), add("@b"), add("@c"), add("@d"));
    assert_eq!(added, (303, 303, 303, 303));
    let devices = "select count(*) from contact_methods where is_on_call_device";
    assert_eq!(cast.count(devices).await, 1);
    let ids: Vec<i64> = sqlx::query_scalar("select id from contact_methods order by id")
        .fetch_all(&cast.app.db)
        .await
        .unwrap();
    for _ in 0..5 {
        let choose = async |id: i64, action| {
            let path = format!("/account/contacts/{id}");
            engineer
                .post_form(&path, &[("action", action)])
                .await
                .status
        };
        let (a, b, c, hidden) = tokio::join!(
            choose(ids[0], "device"),
            choose(ids[1], "device"),
            choose(ids[2], "device"),
            choose(ids[2], "hide"),
        );
        assert_eq!((a, b, c), (303, 303, 303));
        assert!([303, 400].contains(&hidden));
        assert_eq!(cast.count(devices).await, 1);
    }
}

#[tokio::test]
async fn postgresql_itself_insists_on_one_device() {
    let cast = Cast::new().await;
    let db = &cast.app.db;
    let id = cast.engineer.0;
    let insert = "insert into contact_methods (person_id, kind, value, is_on_call_device, visible_to_colleagues) values ($1, 'chat', $2, $3, $4)";
    let add = async |value: &str, device: bool, visible: bool| {
        let query = sqlx::query(insert).bind(id).bind(value);
        query.bind(device).bind(visible).execute(db).await
    };
    assert!(add("@none", false, true).await.is_err(), "no device");
    assert!(
        add("@hidden", true, false).await.is_err(),
        "a hidden device"
    );
    add("@one", true, true).await.unwrap();
    assert!(add("@two", true, true).await.is_err(), "two devices");
    add("@two", false, true).await.unwrap();
    let remove = "delete from contact_methods where is_on_call_device";
    assert!(sqlx::query(remove).execute(db).await.is_err());
    let clear = "update contact_methods set is_on_call_device = false";
    assert!(sqlx::query(clear).execute(db).await.is_err());
    sqlx::query("delete from contact_methods")
        .execute(db)
        .await
        .unwrap();
}

fn member_fields(revision: &str) -> Vec<(&str, &str)> {
    vec![
        ("capacity_percent", "60"),
        ("joined_on", "2024-01-01"),
        ("left_on", "2027-03-01"),
        ("is_engineer", "yes"),
        ("revision", revision),
    ]
}

#[tokio::test]
async fn a_manager_changes_a_member_and_a_stale_form_shows_both() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let path = format!("/teams/payments/members/{}", cast.engineer);
    let page = manager.get(&path).await;
    let revision = page.attributes("input[name=revision]", "value")[0].clone();
    assert_eq!(page.attributes("#capacity_percent", "value"), ["100"]);

    let page = manager.submit(&path, &member_fields(&revision)).await;
    assert_eq!(page.all(".flash"), ["Ayşe Demir is saved."]);
    assert!(page.text().contains("leaves 1 Mar 2027"));

    // Another manager had the old page open.
    let mut stale = member_fields(&revision);
    stale[0].1 = "80";
    stale.push(("is_manager", "yes"));
    let page = manager.post_form(&path, &stale).await;
    assert_eq!(page.status, 409);
    let rows = page.all(".problem tbody tr").join("; ");
    assert!(rows.contains("Percent of full time 60 80"), "{rows}");
    assert!(
        rows.contains("First day no longer here 2027-03-01 the same"),
        "{rows}"
    );
    assert!(
        rows.contains("In the team as engineer engineer and manager"),
        "{rows}"
    );
    assert_eq!(
        page.attributes("#capacity_percent", "value"),
        ["80"],
        "kept"
    );
    let kept = "select count(*) from people where capacity_percent = 60";
    assert_eq!(cast.count(kept).await, 1, "nothing was changed");
    // Having seen both, saving again is meant.
    let fresh = page.attributes("input[name=revision]", "value")[0].clone();
    stale[4].1 = &fresh;
    assert_eq!(manager.post_form(&path, &stale).await.status, 303);
    for nonsense in ["", "x", "-1", "99999999999"] {
        let page = manager.post_form(&path, &member_fields(nonsense)).await;
        assert_eq!(page.status, 409, "{nonsense}");
    }
}

#[tokio::test]
async fn two_managers_at_once_never_overwrite_each_other() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let path = format!("/teams/payments/members/{}", cast.engineer);
    let fields = member_fields("1");
    let (one, two) = tokio::join!(
        manager.post_form(&path, &fields),
        manager.post_form(&path, &fields)
    );
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [303, 409]);
}

#[tokio::test]
async fn a_member_form_says_what_is_wrong_at_the_field() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let path = format!("/teams/payments/members/{}", cast.engineer);
    let long = "9".repeat(10_000);
    for (name, value, message) in [
        ("capacity_percent", "0", "from 1 to 100"),
        ("capacity_percent", "101", "from 1 to 100"),
        ("capacity_percent", "half", "from 1 to 100"),
        ("capacity_percent", &long, "from 1 to 100"),
        ("joined_on", "0001-01-01", "from 2000 to 2199"),
        ("joined_on", "9999-12-31", "from 2000 to 2199"),
        ("joined_on", "2026-02-30", "from 2000 to 2199"),
        ("joined_on", "", "from 2000 to 2199"),
        ("left_on", "9999-12-31", "from 2000 to 2199"),
        ("left_on", "2024-01-01", "after the first day"),
        ("left_on", "2023-12-31", "after the first day"),
        ("left_on", "\u{202E}", "from 2000 to 2199"),
        ("is_engineer", "", "Choose engineer, manager or both"),
    ] {
        let mut fields = member_fields("1");
        for field in &mut fields {
            if field.0 == name {
                field.1 = value;
            }
        }
        let page = manager.post_form(&path, &fields).await;
        assert_refused(&page, name, message);
        if name != "is_engineer" {
            assert_eq!(page.attributes(&format!("#{name}"), "value"), [value]);
        }
    }
    let same = "select count(*) from people where revision > 1";
    assert_eq!(cast.count(same).await, 0, "nothing was changed");
    // Joining and leaving in the future are both fine.
    let mut fields = member_fields("1");
    fields[1].1 = "2026-12-01";
    let page = manager.submit(&path, &fields).await;
    assert!(page.text().contains("joins 1 Dec 2026"));
}

#[tokio::test]
async fn who_is_taken_out_of_a_team_no_longer_sees_it() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let engineer = cast.visitor(Who::Engineer).await;
    assert_eq!(engineer.get("/teams/payments/members").await.status, 200);
    let path = format!("/teams/payments/members/{}", cast.engineer);
    let page = manager.submit(&format!("{path}/removal"), &[]).await;
    assert!(page.all(".flash")[0].contains("no longer in Payments"));
    assert_eq!(engineer.get("/teams/payments/members").await.status, 404);
    assert_eq!(manager.get(&path).await.status, 404);
    let again = manager.post_form(&format!("{path}/removal"), &[]).await;
    assert_eq!(again.status, 404);
    let page = manager.get("/teams/payments/audit").await;
    let lines = page.all("tbody tr");
    assert!(lines[0].contains("Mia Lindqvist") && lines[0].contains("removed member"));
    // The last manager stays, and stays one; out of their own team a manager lands where they may be.
    let path = format!("/teams/payments/members/{}", cast.manager);
    let own = format!("{path}/removal");
    let page = manager.post_form(&own, &[]).await;
    assert_eq!(page.status, 400);
    assert!(
        page.text().contains("the team's last manager"),
        "{}",
        page.text()
    );
    let revision = manager
        .get(&path)
        .await
        .attributes("[name=revision]", "value");
    let mut fields = member_fields(&revision[0]);
    fields.retain(|(name, _)| *name != "is_manager");
    let page = manager.post_form(&path, &fields).await;
    assert_refused(&page, "is_manager", "the team's last manager");
    sqlx::query("insert into team_members (team_id, person_id, is_manager) values ($1, $2, true)")
        .bind(cast.payments.id)
        .bind(cast.admin)
        .execute(&cast.app.db)
        .await
        .unwrap();
    assert_eq!(manager.post_form(&own, &[]).await.location(), "/");
}

#[tokio::test]
async fn the_administrator_makes_teams() {
    let cast = Cast::new().await;
    let admin = cast.visitor(Who::Administrator).await;
    let make = async |name: &str, slug: &str, zone: &str| {
        let fields = [("name", name), ("slug", slug), ("time_zone", zone)];
        admin.post_form("/admin/teams", &fields).await
    };
    let long = "x".repeat(10_000);
    for (name, slug, zone, field, message) in [
        ("", "x", "UTC", "name", "can't be empty"),
        ("a\u{202E}b", "x", "UTC", "name", "can't be shown"),
        (long.as_str(), "x", "UTC", "name", "too long"),
        ("Ledger", "Led ger", "UTC", "slug", "small letters"),
        ("Ledger", long.as_str(), "UTC", "slug", "too long"),
        ("Ledger", "payments", "UTC", "slug", "already"),
        ("Payments", "", "UTC", "slug", "already"),
        (
            "Ledger",
            "ledger",
            "Mars/Base",
            "time_zone",
            "not a time zone",
        ),
    ] {
        let page = make(name, slug, zone).await;
        assert_refused(&page, field, message);
        assert_eq!(page.attributes("#name", "value"), [name]);
        assert_eq!(page.attributes("#slug", "value"), [slug]);
        assert_eq!(page.attributes("#time_zone", "value"), [zone]);
    }
    assert_eq!(cast.count("select count(*) from teams").await, 2);
    let answer = make("Ledger <EU>", "", "UTC").await;
    assert_eq!(answer.location(), "/teams/ledger-eu/members");
    let page = admin.get("/teams/ledger-eu/members").await;
    assert_eq!(page.all("h1"), ["Members of Ledger <EU>"]);
    let (one, two) = tokio::join!(make("Mail", "mail", "UTC"), make("Mail", "mail", "UTC"));
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert!(both == [303, 409] || both == [303, 422], "{both:?}");
}

#[tokio::test]
async fn people_are_found_by_name_and_address() {
    let cast = Cast::new().await;
    let admin = cast.visitor(Who::Administrator).await;
    let found = async |q: &str| {
        let body = admin.get(&format!("/admin?q={q}")).await.body;
        body.matches("/reset-link").count()
    };
    assert_eq!(found("").await, 4);
    assert_eq!(found("DEMIR").await, 1);
    assert_eq!(found("other%40").await, 1);
    assert_eq!(found("%25").await, 0, "a percent sign is a percent sign");
    assert_eq!(found(&"x".repeat(5_000)).await, 0);
}

#[tokio::test]
async fn an_administrator_reaches_every_team_and_everybody() {
    let cast = Cast::new().await;
    let many = "insert into teams (slug, name, time_zone)
            select 'many-' || n, 'Many ' || to_char(n, 'FM000'), 'UTC' from generate_series(1, 250) n;
        insert into people (email, name, time_zone, joined_on)
            select 'many' || n || '@example.com', 'Many ' || to_char(n, 'FM000'), 'UTC', '2026-01-01' from generate_series(1, 250) n";
    sqlx::raw_sql(many).execute(&cast.app.db).await.unwrap();
    let admin = cast.visitor(Who::Administrator).await;
    let page = admin.get("/admin").await;
    let (teams, people) = (
        "section[aria-labelledby=teams]",
        "section[aria-labelledby=people]",
    );
    assert_eq!(page.all(&format!("{teams} li")).len(), 50);
    assert_eq!(page.all(&format!("{people} tbody tr")).len(), 50);
    for list in [teams, people] {
        let hint = page.all(&format!("{list} .hint")).concat();
        assert!(
            hint.contains("the first 50") && hint.contains("Search"),
            "{hint}"
        );
    }
    assert_eq!(
        page.all(".menu li").len(),
        51,
        "it is no list of everything"
    );
    let all = page.attributes(".menu li:last-child a", "href");
    assert_eq!(all, ["/admin#teams"]);
    for (query, list, found) in [
        ("team=Many+25", teams, 1),
        ("team=MANY-24", teams, 11),
        ("team=nothing", teams, 0),
        ("q=many250%40", people, 1),
    ] {
        let page = admin.get(&format!("/admin?{query}")).await;
        let rows = page.all(&format!("{list} li, {list} tbody tr"));
        assert_eq!(rows.len(), found, "{query}");
        assert!(page.all(&format!("{list} .hint")).is_empty(), "{query}");
    }
    assert_eq!(admin.get("/teams/many-250/members").await.status, 200);
    // Who belongs to many teams has all of them in the menu.
    let joins = "insert into team_members (team_id, person_id, joined_on)
        select t.id, p.id, '2026-01-01' from teams t, people p where p.email = 'engineer@example.com' and t.slug like 'many-%'";
    sqlx::raw_sql(joins).execute(&cast.app.db).await.unwrap();
    let engineer = cast.visitor(Who::Engineer).await;
    assert_eq!(engineer.get("/account").await.all(".menu li").len(), 251);
}

#[tokio::test]
async fn a_team_has_at_most_200_members() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let link = invite(&manager, "late@example.com").await;
    let fill = "insert into people (email, name, time_zone, joined_on)
            select 'many' || n || '@example.com', 'Many ' || n, 'UTC', '2026-01-01' from generate_series(1, 198) n;
        insert into team_members (team_id, person_id, joined_on)
            select t.id, p.id, p.joined_on from teams t, people p where t.slug = 'payments' and p.email like 'many%'";
    sqlx::raw_sql(fill).execute(&cast.app.db).await.unwrap();
    let late = cast.app.visitor();
    let answer = late.post_form(&link, &newcomer("Late", "UTC")).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("200 members"), "{}", answer.text());
    let fields = [("email", "later@example.com"), ("is_engineer", "yes")];
    let page = manager
        .post_form("/teams/payments/invitations", &fields)
        .await;
    assert_refused(&page, "email", "200 members");
    // The link works once somebody is taken out.
    let left = "delete from team_members m using people p where p.id = m.person_id and p.email = 'many7@example.com'";
    sqlx::raw_sql(left).execute(&cast.app.db).await.unwrap();
    let answer = late.post_form(&link, &newcomer("Late", "UTC")).await;
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn everybody_is_told_whom_to_ask() {
    let cast = Cast::new().await;
    let left = "insert into people (email, name, time_zone, joined_on, left_on, is_admin)
        values ('gone@example.com', 'Gone', 'UTC', '2025-01-01', '2026-01-01', true)";
    sqlx::raw_sql(left).execute(&cast.app.db).await.unwrap();
    for who in [Who::Engineer, Who::Manager] {
        let visitor = cast.visitor(who).await;
        for path in ["/account", "/teams/payments/members"] {
            let text = visitor.get(path).await.text();
            let wanted = "ask the administrator: Ada Okafor (admin@example.com).";
            assert!(text.contains(wanted), "{path}: {text}");
        }
    }
    let alone = "delete from team_members where person_id in (select id from people where email = 'engineer@example.com')";
    sqlx::raw_sql(alone).execute(&cast.app.db).await.unwrap();
    let home = cast.visitor(Who::Engineer).await.get("/").await;
    let links = home.attributes(".lead a", "href");
    assert_eq!(links, ["/account#administrators"]);
}

#[tokio::test]
async fn the_trail_goes_back_to_its_first_line() {
    let cast = Cast::new().await;
    let lines = "insert into audit (at, team_id, action, summary)
        select now(), t.id, 'did thing', n::text from teams t, generate_series(1, 200) n where t.slug = 'payments' order by n";
    sqlx::raw_sql(lines).execute(&cast.app.db).await.unwrap();
    let manager = cast.visitor(Who::Manager).await;
    let (mut path, mut seen) = ("/teams/payments/audit".to_owned(), Vec::new());
    loop {
        let page = manager.get(&path).await;
        seen.push(page.all("tbody tr").len());
        match page.attributes("main p a.button", "href").first() {
            Some(older) => path.clone_from(older),
            None => break,
        }
    }
    assert_eq!(seen, [100, 100], "and no empty page at the end");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let cast = Cast::new().await;
    let admin = cast.visitor(Who::Administrator).await;
    let path = |id| format!("/admin/people/{id}/administrator");
    let page = admin.post_form(&path(cast.admin), &[]).await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("The last administrator stays"));
    let missing = admin
        .post_form(&path(fairshift::vocab::PersonId(999)), &[])
        .await;
    assert_eq!(missing.status, 404);

    let fields = [("value", "yes")];
    admin.submit(&path(cast.manager), &fields).await;
    let second = cast.visitor(Who::Manager).await;
    assert_eq!(second.get("/admin").await.status, 200);
    // Both step down at once: one stays.
    let (mine, theirs) = (path(cast.admin), path(cast.manager));
    let (one, two) = tokio::join!(admin.post_form(&mine, &[]), second.post_form(&theirs, &[]));
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [303, 400]);
    assert_eq!(
        cast.count("select count(*) from people where is_admin")
            .await,
        1
    );
}
