//! The only SQL that writes `webhooks`.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::model::{MOST, Shape, Target, Webhook, WebhookId};
use crate::secret::{Secret, SecretKey};
use crate::vocab::{PersonId, TeamId};

fn address_of(id: WebhookId) -> String {
    format!("webhooks.address {id}")
}

fn secret_of(id: WebhookId) -> String {
    format!("webhooks.secret {id}")
}

/// A webhook to be added.
pub struct NewWebhook<'a> {
    /// The team.
    pub team: TeamId,
    /// What managers call it.
    pub name: &'a str,
    /// The host.
    pub place: &'a str,
    /// Where to post.
    pub address: &'a Secret,
    /// What JSON is signed with; with it JSON is posted, else a message.
    pub secret: Option<&'a Secret>,
}

/// Adds a webhook; none where the team has as many as any may.
pub async fn add(
    conn: &mut PgConnection,
    new: &NewWebhook<'_>,
    key: &SecretKey,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<WebhookId>> {
    // Two managers add one after the other. What is counted in the statement that waits for the lock
    // was counted before it waited.
    sqlx::query!(
        "select id from teams where id = $1 for no key update",
        new.team.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let has = sqlx::query_scalar!(
        r#"select count(*) as "has!" from webhooks where team_id = $1"#,
        new.team.0,
    )
    .fetch_one(&mut *conn)
    .await?;
    if has >= MOST {
        return Ok(None);
    }
    // What is encrypted is bound to its row, so the row's number comes first.
    let id = sqlx::query_scalar!(
        r#"select nextval(pg_get_serial_sequence('webhooks', 'id')) as "id!: WebhookId""#
    )
    .fetch_one(&mut *conn)
    .await?;
    let shape = if new.secret.is_some() {
        Shape::Json
    } else {
        Shape::Slack
    };
    sqlx::query!(
        "insert into webhooks (id, team_id, name, shape, place, address, secret, made_at)
        overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.0,
        new.team.0,
        new.name,
        shape as Shape,
        new.place.chars().take(300).collect::<String>(),
        key.seal(new.address, &address_of(id)),
        new.secret.map(|secret| key.seal(secret, &secret_of(id))),
        now,
    )
    .execute(conn)
    .await?;
    Ok(Some(id))
}

/// A team's webhooks, the oldest first.
pub async fn of_team(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<Webhook>> {
    sqlx::query_as!(
        Webhook,
        r#"select id as "id: WebhookId", name, shape as "shape: Shape", place, delivered_at, failing_since, problem,
            disabled_at
        from webhooks where team_id = $1 order by id"#,
        team.0,
    )
    .fetch_all(conn)
    .await
}

/// Those of a team's webhooks that are posted to.
pub async fn live(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<WebhookId>> {
    sqlx::query_scalar!(
        r#"select id as "id: WebhookId" from webhooks where team_id = $1 and disabled_at is null order by id"#,
        team.0,
    )
    .fetch_all(conn)
    .await
}

/// A webhook with what is encrypted; none where it was removed.
pub async fn target(
    conn: &mut PgConnection,
    id: WebhookId,
    key: &SecretKey,
) -> sqlx::Result<Option<Target>> {
    let row = sqlx::query!(
        r#"select w.name, w.team_id as "team: TeamId", t.slug, t.name as team_name, t.time_zone,
            w.shape as "shape: Shape", w.address, w.secret, w.quiet_until, w.disabled_at
        from webhooks w join teams t on t.id = w.team_id where w.id = $1"#,
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Target {
        id,
        name: row.name,
        team: row.team,
        slug: row.slug,
        team_name: row.team_name,
        zone: row.time_zone.parse().unwrap_or(Tz::UTC),
        shape: row.shape,
        address: key.open(&row.address, &address_of(id)),
        secret: row.secret.map(|secret| key.open(&secret, &secret_of(id))),
        quiet_until: row.quiet_until,
        is_disabled: row.disabled_at.is_some(),
    }))
}

/// Another secret for a webhook of the team that posts JSON; its name, or none where there is none.
pub async fn renew(
    conn: &mut PgConnection,
    team: TeamId,
    id: WebhookId,
    secret: &Secret,
    key: &SecretKey,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "update webhooks set secret = $3 where id = $1 and team_id = $2 and shape = 'json' returning name",
        id.0,
        team.0,
        key.seal(secret, &secret_of(id)),
    )
    .fetch_optional(conn)
    .await
}

/// Removes a webhook of the team; its name, or none where there is none.
pub async fn remove(
    conn: &mut PgConnection,
    team: TeamId,
    id: WebhookId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "delete from webhooks where id = $1 and team_id = $2 returning name",
        id.0,
        team.0,
    )
    .fetch_optional(conn)
    .await
}

/// Something arrived: all is well again.
pub async fn delivered(
    conn: &mut PgConnection,
    id: WebhookId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update webhooks set delivered_at = $2, failing_since = null, problem = '', quiet_until = null,
            disabled_at = null
        where id = $1",
        id.0,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What did not arrive, and why.
pub struct Failed<'a> {
    /// Why, for managers.
    pub problem: &'a str,
    /// Leave it alone until then (UTC).
    pub quiet_until: Option<DateTime<Utc>>,
    /// It is gone: nothing is posted any more.
    pub is_gone: bool,
}

/// Something did not arrive. Since when nothing has; none where the webhook was removed.
pub async fn failed(
    conn: &mut PgConnection,
    id: WebhookId,
    failed: &Failed<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        r#"update webhooks set failing_since = coalesce(failing_since, $2), problem = $3, quiet_until = $4,
            disabled_at = case when $5 then coalesce(disabled_at, $2) else disabled_at end
        where id = $1 returning failing_since as "since!""#,
        id.0,
        now,
        failed.problem.chars().take(500).collect::<String>(),
        failed.quiet_until,
        failed.is_gone,
    )
    .fetch_optional(conn)
    .await
}

/// The team's managers; at most 100.
pub async fn managers(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar!(
        r#"select person_id as "id: PersonId" from team_members where team_id = $1 and is_manager order by 1 limit 100"#,
        team.0,
    )
    .fetch_all(conn)
    .await
}
