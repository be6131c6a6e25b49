-- The outbox: what is to be done after a transaction. A row is written in the transaction of the
-- change itself; workers take it, any number of them, until it is done or given up.
create table jobs (
    id bigint generated always as identity primary key,
    -- who handles it, like 'notice'
    kind text not null check (length(kind) between 1 and 60),
    -- a second job of the same key is not made
    key text not null unique check (length(key) between 1 and 300),
    -- due jobs of one lane run one after the other, by id
    lane text not null check (length(lane) between 1 and 300),
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'dropped')),
    -- emptied when it is done or dropped: it may hold secrets
    payload jsonb not null,
    created_at timestamptz not null,
    -- not before this, as it was asked for
    due_at timestamptz not null,
    -- not before this, with the waits between attempts
    next_at timestamptz not null,
    -- how often a worker took it; also tells a worker whose lease ran out from the one after it
    attempts integer not null default 0 check (attempts >= 0),
    -- a worker that is gone by then is not coming back; by the database's clock, which all share
    leased_until timestamptz,
    finished_at timestamptz,
    -- what went wrong the last time, for people; never a secret
    error text not null default '' check (length(error) <= 500),
    check ((state = 'running') = (leased_until is not null)),
    check ((state in ('done', 'failed', 'dropped')) = (finished_at is not null)),
    check (next_at >= due_at)
);
create index jobs_next on jobs (next_at, id) where state = 'waiting';
create index jobs_leases on jobs (leased_until) where state = 'running';
create index jobs_lane on jobs (lane, id) where state in ('waiting', 'running');
create index jobs_failed on jobs (id desc) where state = 'failed';
create index jobs_again on jobs (next_at) where state = 'waiting' and attempts > 0;
create index jobs_finished on jobs (finished_at) where state in ('done', 'dropped');

-- Sleeping workers wake up when the transaction is through.
create function tell_workers() returns trigger language plpgsql as $$
begin
    perform pg_notify('jobs', '');
    return null;
end $$;
create trigger jobs_added after insert on jobs for each statement execute function tell_workers();
