-- How booked people are by their calendars also feeds their teams' plans: a refresh is heard at once.
create trigger booked_times_plan after insert or update or delete on booked_times
    for each row execute function tell_plan('person', 'person_id');
