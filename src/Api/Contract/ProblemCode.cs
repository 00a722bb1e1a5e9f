namespace Fleet.Api.Contract;

/// <summary>A code of a refusal.</summary>
/// <param name="Code">The word for programs, such as <c>unknown_job</c>. It does not change.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Meaning">What it means, in one sentence.</param>
/// <param name="Remedy">What the caller does about it, in one sentence.</param>
internal sealed record ProblemCode(string Code, int Status, string Meaning, string Remedy)
{
    private const string Send = "Send an allowed value; the answer says which are.";

    private static readonly Dictionary<string, ProblemCode> ByCode = Table().ToDictionary(p => p.Code, StringComparer.Ordinal);

    /// <summary>All codes that are written down here. A parameter may add <c>invalid_</c> with its name.</summary>
    public static IReadOnlyCollection<ProblemCode> All => ByCode.Values;

    /// <summary>Finds a code.</summary>
    /// <returns>Null if it is neither in the table nor the code of a declared parameter.</returns>
    public static ProblemCode? Find(string code, IEnumerable<EndpointContract> contracts) =>
        ByCode.GetValueOrDefault(code) ?? contracts.SelectMany(c => c.Parameters).FirstOrDefault(p => p.Code == code)?.Problem;

    /// <summary>The status of a refusal; 400 for a code that only a parameter has.</summary>
    public static int StatusOf(string code) => ByCode.TryGetValue(code, out var known) ? known.Status : 400;

    private static ProblemCode[] Table() =>
    [
        // The request as a whole.
        new("bad_request", 400, "The web server itself refused the request.", "Send well-formed HTTP."),
        new("invalid_host", 400, "The name in the header Host is not one under which this server answers.",
            "Call it by a name that the setting Fleet:Api:Hosts allows."),
        new("cross_site", 403, "A page of another site may not change anything here.",
            "Send the request from a page of this server or a program."),
        new("unauthenticated", 401, "The request has no credential, or one that opens nothing.",
            "Send `Authorization: Bearer flt_…` with a valid API key, or sign in."),
        new("forbidden", 403, "The role of the caller does not allow this.", "Use a credential with a role that the answer names."),
        new("no_role", 403, "The caller is known, but the program around Fleet or the claims of the token give no role in Fleet.",
            "Ask whoever runs Fleet."),
        new("sign_in_failed", 400, "The sign-in at the OIDC provider did not come to an end.", "Begin again: open /sign-in."),
        new("provider_unavailable", 503, "The OIDC provider does not answer.", "Try again after Retry-After, or use an API key."),
        new("invalid_return_url", 400, "The page after the sign-in is not one of this server.", Send),
        new("lane_forbidden", 403, "The API key is bound to other lanes.", "Use a lane that the answer names, or another key."),
        new("bound_to_lanes", 403, "The answer is about the whole fleet, and the API key is bound to lanes.",
            "Ask for the lanes, schedules and runs themselves, or use another key."),
        new("access_off", 409, "Access is off, so nobody needs to sign in.", "Go on without."),
        new("invalid_user", 400, "The name of a person or program in a header is not allowed.", Send),
        new("not_found", 404, "There is no such thing, or nothing at this path.", "Check the id and the path."),
        new("method_not_allowed", 405, "The path exists, but not with this method.", "Use a method of the header Allow."),
        new("refused", 400, "The request was refused before an endpoint saw it.", "Look at the status."),
        new("internal_error", 500, "An error of Fleet itself.", "Look for the traceId in the log of the server, and report it."),
        new("invalid_role", 400, "There is no such role.", Send),
        new("invalid_expiry", 400, "The time for which the key is valid is not allowed.", Send),
        new("invalid_overlap", 400, "The time for which both keys are valid is not allowed.", Send),
        new("invalid_lanes", 400, "The list of lanes is empty or too long.", Send),
        // Operations over many runs.
        new("invalid_kind", 400, "There is no such kind of operation.", Send),
        new("impossible_state", 400, "The query asks for states alone in which the change is not possible.",
            "Ask for a state that the answer names, or leave `state:` out."),
        new("invalid_rate", 400, "The number of runs per second is out of range.", Send),
        new("invalid_expect", 400, "The expected number of runs is out of range.", Send),
        new("invalid_token", 400, "The token is none that a preview of this fleet gave, or it was changed.",
            "Send the token of the preview unchanged."),
        new("token_of_another_preview", 400, "The token belongs to a preview of another kind or query, or of another caller's lanes.",
            "Send the kind and the query of the preview, or preview again."),
        new("token_expired", 409, "The preview is too old.", "Preview again."),
        new("unexpected_count", 409, "Another number of runs matches than was expected.", "Preview again and look at what matches."),
        new("too_many_operations", 409, "Too many operations are under way.", "Wait until one has ended, or cancel one."),
        new("operation_ended", 409, "The operation has ended, so there is nothing to cancel.", "Nothing is to be done."),
        new("key_ended", 409, "The key has ended.", "Create a new key."),
        // Parameters.
        new("unknown_parameter", 400, "The endpoint has no such query parameter.", "Leave it out or correct its name."),
        new("duplicate_parameter", 400, "A query parameter is given more than once.", "Give it once."),
        new("missing_parameter", 400, "A required parameter is missing.", "Give it."),
        new("invalid_id", 400, "The id in the path is no run id.", "Use the id that the enqueue answered."),
        new("invalid_cursor", 400, "The cursor is not one that this server gave, or it was changed.",
            "Use `next` of an earlier page unchanged."),
        new("cursor_of_another_query", 400, "The cursor belongs to a page of another query.",
            "Ask with the query of the page that gave it."),
        new("invalid_query", 400, "The query is not well formed.", "Correct the term that the answer names."),
        new("query_too_long", 400, "The query has more than 2,048 characters or 32 terms.", "Shorten it."),
        new("secret_argument", 400, "The query asks for a secret argument of a job.", "Search by something else, or name other jobs."),
        new("invalid_range", 400, "The range of time is not allowed.", Send),
        new("range_too_long", 400, "The range has too many fire times.", "Ask for a shorter range."),
        // Bodies.
        new("empty_body", 400, "The request needs a body.", "Send a JSON object."),
        new("unexpected_body", 400, "The request takes no body.", "Send none."),
        new("body_too_large", 413, "The body is too large.", "Send a smaller one; several requests if need be."),
        new("invalid_json", 400, "The body is not valid JSON.", "Correct it at the place that the answer names."),
        new("invalid_utf8", 400, "The body is not valid UTF-8.", "Send JSON in UTF-8."),
        new("invalid_text", 400, "A text has characters that are not allowed there.",
            "Send whole Unicode characters, without control characters in the query."),
        new("too_deep", 400, "The JSON nests too deeply.", "Use at most 64 levels."),
        new("unsupported_media_type", 415, "The body is not declared as JSON.", "Send `Content-Type: application/json`."),
        new("unsupported_charset", 415, "The body is in another charset than UTF-8.", "Send JSON in UTF-8."),
        new("unsupported_encoding", 415, "The body is compressed.", "Send it uncompressed."),
        new("unknown_field", 400, "The body has a member that the request does not have.", "Leave it out or correct its name."),
        new("duplicate_field", 400, "A member of the body is given more than once.", "Give it once."),
        new("missing_field", 400, "A required member of the body is missing.", "Give it."),
        new("wrong_type", 400, "A member of the body has a value of the wrong type.", Send),
        // Runs.
        new("unknown_job", 400, "No worker has offered a job of this name.", "Correct the name, or start a worker that has the job."),
        new("missing_argument", 400, "An argument that the job needs is missing.", "Give it; the job's schema lists all."),
        new("unknown_argument", 400, "The job takes no such argument.", "Leave it out or correct its name."),
        new("duplicate_argument", 400, "An argument is given more than once.", "Give it once."),
        new("invalid_argument", 400, "An argument does not fit the job's schema.", Send),
        new("unknown_secret", 400, "`***` stands in the place of a secret argument, and no value is stored that could stay.",
            "Give the secret itself."),
        new("args_too_large", 413, "The args are larger than 256 KiB.", "Store the data elsewhere and send a reference to it."),
        new("invalid_lane", 400, "The name of the lane is not allowed.", Send),
        new("too_many_lanes", 400, "The limit of lanes is reached, and this one is new.",
            "Use a known lane, or raise Fleet:Transport:MaxLanes."),
        new("invalid_name", 400, "The name is not allowed.", Send),
        new("invalid_instant", 400, "The instant is not in ISO 8601 with an offset, or out of range.", Send),
        new("invalid_delay", 400, "The delay is no duration, or out of range.", Send),
        new("delay_and_run_at", 400, "`delay` and `runAt` are given together.", "Give one of them."),
        new("invalid_tags", 400, "There are too many tags, or one is not allowed.", Send),
        new("invalid_max_attempts", 400, "The number of attempts is out of range.", Send),
        new("invalid_batch", 400, "A batch has no runs, or more than 1,000.", "Send 1 to 1,000 runs in one request."),
        new("already_ended", 409, "The run has ended, so there is nothing to cancel.", "Nothing is to be done."),
        new("not_ended", 409, "The run is waiting or running, and only runs that have ended can be deleted.",
            "Cancel it first; a running one ends when its handler has stopped."),
        new("not_replayable", 409, "Only failed and canceled runs can be replayed.", "Enqueue a new run."),
        new("run_revoked", 409, "The run was planned ahead and revoked when its schedule changed.",
            "Trigger the schedule, or backfill the fire time."),
        new("no_args", 404, "The run has no args.", "Nothing is to be done."),
        new("no_output", 404, "The run has no output: it has not succeeded, or its handler returned none.",
            "Ask again when the run has succeeded."),
        new("no_error", 404, "The run has no error.", "Nothing is to be done."),
        new("not_dead", 404, "The run exists, but it is not dead.", "Look at the run itself."),
        new(
            "args_changed", 409, "Somebody else gave the dead letter other args at the same time.", "Look at it, and edit it again."),
        new("args_and_patch", 400, "The edit has both `args` and `patch`.", "Send one of them."),
        new("too_many_mutes", 400, "As many groups of dead letters are muted as can be.", "End a mute that is not needed any more."),
        new("worker_gone", 409, "The worker has ended.", "Nothing is to be done."),
        // Saved views and events.
        new("unknown_column", 400, "There is no such column.", "Correct its name."),
        new("invalid_columns", 400, "The list of columns is not allowed.", Send),
        new("view_of_another", 403, "The view belongs to somebody else, who shares it.",
            "Save it under a name of your own, or ask its owner or an admin."),
        new("view_taken", 409, "A view of somebody else has this name.", "Use another name."),
        new("too_many_streams", 503, "As many streams of events are open as are allowed.", "Try again after Retry-After."),
        new("invalid_since", 400, "`since` is neither an instant nor how long ago.", Send),
        new("step_too_fine", 400, "The range has too many steps of this length.", "Ask for a longer step or a shorter range."),
        // Idempotency and versions.
        new("invalid_idempotency_key", 400, "The idempotency key is not allowed.", Send),
        new("two_idempotency_keys", 400, "A request has two different idempotency keys.", "Give one, or the same one twice."),
        new("key_of_a_batch", 400, "The header Idempotency-Key is for one run, and a batch has many.",
            "Give each run an `idempotencyKey`."),
        new("idempotency_conflict", 409, "The key was used before with another request.", "Send the same request, or use a new key."),
        new("invalid_if_match", 400, "The header If-Match cannot be read.", Send),
        new("invalid_if_none_match", 400, "The header If-None-Match cannot be read.", Send),
        new("precondition_required", 428, "A change must say which version it changes.",
            "Send If-Match with the ETag that you have read, or `*`."),
        new("precondition_failed", 412, "Something else is stored than the change expects.",
            "Look at `current`, and repeat the change on it."),
        // Schedules.
        new("invalid_trigger", 400, "Exactly one of `cron`, `every` and `at` is needed.", "Give one of them."),
        new("invalid_cron", 400, "The cron expression cannot be read.", "Correct the part that the answer names."),
        new("invalid_every", 400, "The period is no duration, or out of range.", Send),
        new("invalid_exclude", 400, "An excluded date cannot be read.", Send),
        new("invalid_jitter", 400, "The jitter is no duration, or out of range.", Send),
        new("unknown_zone", 400, "There is no such time zone.", "Use an IANA name such as Europe/Berlin."),
        new("zone_without_effect", 400, "The zone would have no effect on this trigger.", "Leave it out, or use a cron expression."),
        new("invalid_window", 400, "`endsAt` is not after `startsAt`.", Send),
        new("doubled_id", 400, "Two schedules of a program have the same id.", "Give each an id of its own."),
        new("never_fires", 400, "The trigger has no fire time in the future.", "Give a trigger that fires."),
        new("invalid_max_occurrences", 400, "The number of occurrences is out of range.", Send),
        new("invalid_misfire_deadline", 400, "The misfire deadline is no duration, or out of range.", Send),
        new("invalid_labels", 400, "There are too many labels, or one is not allowed.", Send),
        new("invalid_per_minute", 400, "The pace of the backfill is out of range.", Send),
        // The server.
        new("too_many_requests", 429, "Too many runs wait to be stored.", "Try again after Retry-After."),
        new("too_many_writes", 429, "The caller has asked for more changes than the limit allows.",
            "Try again after Retry-After; enqueue runs in batches, or raise Fleet:Api:Limits:WritesPerMinute."),
        new("too_many_searches", 429, "As many searches of the caller are under way as the limit allows.",
            "Try again after Retry-After, or raise Fleet:Api:Limits:Searches."),
        new("too_many_failed_sign_ins", 429, "Too many credentials from this address were not valid.",
            "Try again after Retry-After, with a valid one."),
        new("database_unavailable", 503, "The database does not answer.", "Try again after Retry-After."),
        new("database_busy", 503, "Another change was in the way.", "Repeat the request."),
        new("outcome_unknown", 503, "The database did not answer to the commit, so it is not known whether the change was stored.",
            "Repeat the request with the same idempotency key."),
    ];
}
