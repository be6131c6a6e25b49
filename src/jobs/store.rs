//! The only SQL that writes `jobs`.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::handlers::Work;
use super::model::{Job, MOST_ATTEMPTS, short};

/// How long a worker holds a job before others believe it gone.
const LEASE_SECONDS: f64 = 120.0;

/// Days for which the keys of done jobs are remembered.
const REMEMBERED: i64 = 60;

/// Adds a job in the caller's transaction; nothing where its key is there already.
///
/// # Errors
/// Where the database fails.
pub async fn enqueue(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    job: &Job<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into jobs (kind, key, lane, payload, created_at, due_at, next_at)
        values ($1, $2, $3, $4, $5, $6, $6) on conflict (key) do nothing",
        job.kind,
        job.key,
        job.lane,
        job.payload,
        now,
        job.run_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes back a job that no worker is at. Its key is free again. A job that is being done, is done or
/// was given up stays as it is.
///
/// # Errors
/// Where the database fails.
pub async fn cancel(conn: &mut PgConnection, key: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from jobs where key = $1 and state = 'waiting'", key)
        .execute(conn)
        .await?;
    Ok(())
}

/// Jobs of workers that are gone wait again, for any other.
pub async fn reclaim(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs set state = 'waiting', leased_until = null
        where state = 'running' and leased_until < clock_timestamp() and attempts < $1",
        MOST_ATTEMPTS,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes due jobs of these kinds, at most `most`, one of each lane.
pub async fn take(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    kinds: &[String],
    most: i64,
) -> sqlx::Result<Vec<Work>> {
    // Who else takes at this moment has locked its rows: they are skipped, and hold up their lanes
    // all the same, because an earlier row of the lane is looked for without regard to locks.
    let mut taken = sqlx::query_as!(
        Work,
        r#"update jobs set state = 'running', attempts = attempts + 1,
            leased_until = clock_timestamp() + make_interval(secs => $3)
        where id in (
            select j.id from jobs j
            where j.state = 'waiting' and j.next_at <= $1 and j.kind = any ($2)
                and not exists (select from jobs e where e.lane = j.lane and e.id < j.id
                    and (e.state = 'running' or (e.state = 'waiting' and e.due_at <= $1)))
            order by j.next_at, j.id limit $4
            for update skip locked)
        returning id, kind, key, payload, attempts as attempt, due_at"#,
        now,
        kinds,
        LEASE_SECONDS,
        most,
    )
    .fetch_all(conn)
    .await?;
    taken.sort_by_key(|work| (work.due_at, work.id));
    Ok(taken)
}

/// It is done. Nothing where another worker has taken it since.
pub async fn done(conn: &mut PgConnection, work: &Work, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs set state = 'done', leased_until = null, finished_at = $3, error = '', payload = '{}'
        where id = $1 and state = 'running' and attempts = $2",
        work.id,
        work.attempt,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It failed: again at `next`, or given up. Nothing where another worker has taken it since.
pub async fn failed(
    conn: &mut PgConnection,
    work: &Work,
    now: DateTime<Utc>,
    next: Option<DateTime<Utc>>,
    error: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs set state = case when $3::timestamptz is null then 'failed' else 'waiting' end,
            leased_until = null, next_at = greatest(coalesce($3, next_at), due_at),
            finished_at = case when $3::timestamptz is null then $4::timestamptz end, error = $5
        where id = $1 and state = 'running' and attempts = $2",
        work.id,
        work.attempt,
        next,
        now,
        short(error),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives back what a worker that stops has not finished: any other may take it at once.
pub async fn release(conn: &mut PgConnection, id: i64, attempt: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs set state = 'waiting', leased_until = null
        where id = $1 and state = 'running' and attempts = $2",
        id,
        attempt,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How long until the next job that no worker is at; none where there is none.
pub async fn pause(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    kinds: &[String],
) -> sqlx::Result<Option<Duration>> {
    let next = sqlx::query_scalar!(
        "select min(next_at) from jobs where state = 'waiting' and next_at > $1 and kind = any ($2)",
        now,
        kinds,
    )
    .fetch_one(conn)
    .await?;
    Ok(next.map(|next| (next - now).to_std().unwrap_or_default()))
}

/// Gives up what has cost every worker its life.
pub async fn bury(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs set state = 'failed', leased_until = null, finished_at = $1,
            error = 'the process ended during every attempt'
        where state = 'running' and leased_until < clock_timestamp() and attempts >= $2",
        now,
        MOST_ATTEMPTS,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets jobs that were done long ago.
pub async fn prune(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from jobs where state in ('done', 'dropped') and finished_at < $1",
        now - TimeDelta::days(REMEMBERED),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A job that failed: it was given up, or waits to be tried again.
#[derive(Clone, Debug)]
pub struct Undelivered {
    /// Its id.
    pub id: i64,
    /// Its kind.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// What went wrong the last time.
    pub error: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was to run (UTC).
    pub due_at: DateTime<Utc>,
    /// When it is tried again (UTC); none where it was given up.
    pub next_at: Option<DateTime<Utc>>,
    /// The title, where it is a notice.
    pub title: Option<String>,
    /// Who is told, as [`super::To`], where it is a notice.
    pub to: Option<serde_json::Value>,
}

/// Jobs that failed, those given up first and the newest of them first, at most `most` after the first
/// `skipped`.
///
/// # Errors
/// Where the database fails.
pub async fn undelivered(
    conn: &mut PgConnection,
    skipped: i64,
    most: i64,
) -> sqlx::Result<Vec<Undelivered>> {
    sqlx::query_as!(
        Undelivered,
        r#"select id, kind, key, error, attempts, due_at, case when state = 'waiting' then next_at end as next_at,
            payload ->> 'title' as title, payload -> 'to' as "to"
        from jobs where state = 'failed' or (state = 'waiting' and attempts > 0)
        order by state = 'failed' desc, case when state = 'failed' then -id end, next_at, id
        offset $1 limit $2"#,
        skipped,
        most,
    )
    .fetch_all(conn)
    .await
}

/// Has all jobs that failed tried at once. Returns how many those are.
///
/// # Errors
/// Where the database fails.
pub async fn retry_all_failed(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<u64> {
    sqlx::query!("select pg_notify('jobs', '') as \"woken!: ()\"")
        .execute(&mut *conn)
        .await?;
    let done = sqlx::query!(
        "update jobs set state = 'waiting', finished_at = null, next_at = greatest($1, due_at)
        where state = 'failed' or (state = 'waiting' and attempts > 0)",
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Has a job that failed tried at once: after that it goes on as it would have. Returns its kind, and
/// nothing where there is no such job any more.
///
/// # Errors
/// Where the database fails.
pub async fn retry_failed(
    conn: &mut PgConnection,
    id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<String>> {
    sqlx::query!("select pg_notify('jobs', '') as \"woken!: ()\"")
        .execute(&mut *conn)
        .await?;
    sqlx::query_scalar!(
        "update jobs set state = 'waiting', finished_at = null, next_at = greatest($2, due_at)
        where id = $1 and (state = 'failed' or (state = 'waiting' and attempts > 0))
        returning kind",
        id,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Drops a job that failed: it is not tried again. Returns its kind, and nothing where there is no
/// such job any more.
///
/// # Errors
/// Where the database fails.
pub async fn drop_failed(
    conn: &mut PgConnection,
    id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "update jobs set state = 'dropped', finished_at = $2, payload = '{}'
        where id = $1 and (state = 'failed' or (state = 'waiting' and attempts > 0))
        returning kind",
        id,
        now,
    )
    .fetch_optional(conn)
    .await
}
