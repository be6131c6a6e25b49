-- What was proven of a schedule's cost says of which problem: its digest, and how many slots may stay
-- open in it. Of schedules from before nothing is known.
alter table schedules
    add column bound_open integer check (bound_open >= 0),
    add column bound_of text not null default '',
    alter column bound drop not null,
    alter column bound drop default,
    add check ((bound_open is null) = (bound_of = ''));
update schedules set bound = null;
alter table schedules add check ((bound is null) = (bound_open is null));
