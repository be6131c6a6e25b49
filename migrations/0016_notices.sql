-- What people want to be told, and what would have been mailed where no mail server is set up.

-- Who has no row is told everything, at once, by mail, and a day before their shifts.
create table notice_choices (
    person_id bigint primary key references people on delete cascade,
    -- without it, only what can't be switched off is mailed
    by_mail boolean not null default true,
    -- topics that the person does not want to hear of
    muted text[] not null default '{}' check (cardinality(muted) <= 20),
    -- the hour of their day at which all comes in one mail; null: at once
    digest_hour smallint check (digest_hour between 0 and 23),
    -- minutes before a shift of theirs starts; null: not told
    lead_minutes integer default 1440 check (lead_minutes between 5 and 20160)
);

-- Whom a notice reaches, and how.
create view recipients as
select p.id as person_id, p.email, p.name, p.time_zone, p.left_on,
    coalesce(c.by_mail, true) as by_mail, coalesce(c.muted, '{}') as muted, c.digest_hour,
    case when c.person_id is null then 1440 else c.lead_minutes end as lead_minutes
from people p left join notice_choices c on c.person_id = p.id;

-- What waits for a person's next digest.
create table digest_items (
    id bigint generated always as identity primary key,
    person_id bigint not null references people on delete cascade,
    -- the notice's own: a second delivery of it adds nothing
    key text not null unique,
    notice jsonb not null,
    added_at timestamptz not null
);
create index digest_items_person on digest_items (person_id, id);

-- Mails that were not sent because there is no mail server. Kept for 30 days.
create table outbox (
    id bigint generated always as identity primary key,
    -- the job's: a second delivery of it is the same mail
    key text not null unique,
    recipient text not null,
    subject text not null,
    body_text text not null,
    body_html text not null,
    calendar text,
    written_at timestamptz not null
);
create index outbox_written on outbox (written_at);

-- Whether something was asked for already: its key is remembered for a while after it is done.
create view job_keys as select key from jobs;

-- What starts or lapses soon is looked for again and again.
create index holdings_lapse on holdings (held_until) where state = 'held';
