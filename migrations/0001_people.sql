-- People, teams, sign-in. Times are UTC instants; e-mail addresses are kept in small letters.
create extension if not exists btree_gist;

create table people (
    id bigint generated always as identity primary key,
    email text not null unique check (email = lower(email) and length(email) between 3 and 254),
    name text not null check (length(name) between 1 and 120),
    -- argon2id in PHC form; null until an invitation or reset link has been used
    password_hash text,
    time_zone text not null,
    -- percent of a full-time contract
    capacity_percent smallint not null default 100 check (capacity_percent between 1 and 100),
    joined_on date not null,
    left_on date,
    is_admin boolean not null default false,
    -- made by `fairshift demo`, with a password everybody knows
    is_demo boolean not null default false,
    revision integer not null default 1,
    check (left_on is null or left_on > joined_on)
);

create table contact_methods (
    id bigint generated always as identity primary key,
    person_id bigint not null references people on delete cascade,
    kind text not null check (kind in ('phone', 'sms', 'email', 'chat', 'pager')),
    value text not null check (length(value) between 1 and 120),
    is_on_call_device boolean not null default false,
    visible_to_colleagues boolean not null default true,
    -- a pager that colleagues can't see wakes nobody
    check (visible_to_colleagues or not is_on_call_device),
    unique (person_id, kind, value)
);
create unique index contact_methods_one_device on contact_methods (person_id) where is_on_call_device;

-- Whoever has contact methods has exactly one on-call device, looked at when the transaction ends.
create function check_on_call_device() returns trigger language plpgsql as $$
declare
    person bigint := coalesce(new.person_id, old.person_id);
begin
    if exists (select from contact_methods where person_id = person)
        and not exists (select from contact_methods where person_id = person and is_on_call_device) then
        raise exception 'person % has contact methods but no on-call device', person
            using errcode = 'check_violation', constraint = 'contact_methods_one_device';
    end if;
    return null;
end $$;
create constraint trigger contact_methods_device
    after insert or update or delete on contact_methods
    deferrable initially deferred
    for each row execute function check_on_call_device();

create table teams (
    id bigint generated always as identity primary key,
    slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$'),
    name text not null check (length(name) between 1 and 120),
    time_zone text not null,
    revision integer not null default 1
);

create table team_members (
    id bigint generated always as identity primary key,
    team_id bigint not null references teams on delete cascade,
    person_id bigint not null references people on delete cascade,
    is_manager boolean not null default false,
    is_engineer boolean not null default true,
    unique (team_id, person_id),
    check (is_manager or is_engineer)
);
create index team_members_person on team_members (person_id);

-- Session tokens are random and kept only as SHA-256.
create table sessions (
    id bigint generated always as identity primary key,
    token_hash bytea not null unique check (length(token_hash) = 32),
    person_id bigint not null references people on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    user_agent text not null default '',
    address text not null default ''
);
create index sessions_person on sessions (person_id);
create index sessions_expiry on sessions (expires_at);

-- Failed sign-ins, so that every process sees the same limits. Old rows are pruned at sign-in.
create table failed_sign_ins (
    id bigint generated always as identity primary key,
    account text not null,
    address text not null,
    at timestamptz not null
);
create index failed_sign_ins_account on failed_sign_ins (account, at);
create index failed_sign_ins_address on failed_sign_ins (address, at);
create index failed_sign_ins_at on failed_sign_ins (at);

-- Invitations and password resets: a link that works once. An invitation to somebody new has no
-- person yet; the person is made when the link is used.
create table one_time_links (
    id bigint generated always as identity primary key,
    token_hash bytea not null unique check (length(token_hash) = 32),
    purpose text not null check (purpose in ('invitation', 'password_reset')),
    email text not null,
    person_id bigint references people on delete cascade,
    team_id bigint references teams on delete cascade,
    is_manager boolean not null default false,
    is_engineer boolean not null default true,
    created_by bigint references people on delete set null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    check (purpose = 'invitation' or person_id is not null)
);
create index one_time_links_team on one_time_links (team_id) where used_at is null;
