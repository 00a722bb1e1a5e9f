using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Api;

/// <summary>Bad input is refused with an error that names the field; nothing is stored, nothing crashes.</summary>
public sealed class BadInputTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Runs = "/api/v1/runs";
    private const string Batch = "/api/v1/runs/batch";
    private const string Schedule = "/api/v1/schedules/s1";

    /// <summary>Method, path, body, status, code, field, a part of the detail.</summary>
    public static TheoryData<string, string, string?, int, string, string?, string> Refused => new()
    {
        // The body as a whole.
        { "POST", Runs, "", 400, "empty_body", "body", "empty" },
        { "POST", Runs, null, 400, "empty_body", "body", "empty" },
        { "POST", Runs, "   ", 400, "invalid_json", "body", "not valid JSON" },
        { "POST", Runs, """{"job":"diag.echo","args":{"a":""", 400, "invalid_json", "body", "not valid JSON at line 1" },
        { "POST", Runs, """{"job":"diag.echo"}{"job":"diag.echo"}""", 400, "invalid_json", "body", "not valid JSON" },
        { "POST", Runs, """{"job":"diag.echo",}""", 400, "invalid_json", "body", "not valid JSON" },
        { "POST", Runs, "[]", 400, "wrong_type", "body", "a JSON object" },
        { "POST", Runs, "\"diag.echo\"", 400, "wrong_type", "body", "a JSON object" },
        { "POST", Runs, "5", 400, "wrong_type", "body", "a JSON object" },
        { "POST", Runs, "null", 400, "invalid_json", "body", "a JSON object" },
        { "POST", Runs, "<Deep>", 400, "too_deep", "body", "64 levels" },
        { "POST", Runs, "<DeepBody>", 400, "too_deep", "body", "64 levels" },
        { "POST", Runs, "<LargeArgs>", 413, "args_too_large", "args", "256 KiB" },
        { "POST", Runs, "<LargeBody>", 413, "body_too_large", "body", "1048576" },
        { "PUT", Schedule, "<LargeBody>", 413, "body_too_large", "body", "1048576" },
        { "POST", Batch, "<LargeArgsBatch>", 413, "args_too_large", "runs[0].args", "256 KiB" },
        // Members.
        { "POST", Runs, """{"job":"diag.echo","job":"diag.fail"}""", 400, "duplicate_field", "job", "more than once" },
        { "POST", Runs, """{"job":"diag.echo","args":{"a":1,"a":2}}""", 400, "duplicate_field", "args.a", "more than once" },
        { "POST", Runs, """{"job":"diag.echo","args":{"b":{"a":1,"a":2}}}""", 400, "duplicate_field", "args.b.a", "more than once" },
        { "POST", Runs, """{"job":"diag.echo","arg":{}}""", 400, "unknown_field", "arg", "did you mean 'args'?" },
        { "POST", Runs, """{"job":"diag.echo","zzzzzz":{}}""", 400, "unknown_field", "zzzzzz", "idempotencyKey" },
        { "POST", Runs, "{}", 400, "missing_field", "job", "missing" },
        { "POST", Runs, """{"job":null}""", 400, "missing_field", "job", "missing" },
        { "POST", Runs, """{"job":5}""", 400, "wrong_type", "job", "a string" },
        { "POST", Runs, """{"job":"diag.echo","args":[1]}""", 400, "wrong_type", "args", "a JSON object" },
        { "POST", Runs, """{"job":"diag.echo","args":"x"}""", 400, "wrong_type", "args", "a JSON object" },
        { "POST", Runs, """{"job":"diag.echo","maxAttempts":"5"}""", 400, "wrong_type", "maxAttempts", "a whole number" },
        { "POST", Runs, """{"job":"diag.echo","maxAttempts":1.5}""", 400, "wrong_type", "maxAttempts", "a whole number" },
        { "POST", Runs, """{"job":"diag.echo","maxAttempts":99999999999}""", 400, "wrong_type", "maxAttempts", "a whole number" },
        { "POST", Runs, """{"job":"diag.echo","tags":"x"}""", 400, "wrong_type", "tags", "an array" },
        { "POST", Runs, """{"job":"diag.echo","tags":[5]}""", 400, "wrong_type", "tags[0]", "a string" },
        { "POST", Runs, """{"job":"diag.echo","delay":5}""", 400, "wrong_type", "delay", "a string" },
        // The job and its args.
        { "POST", Runs, """{"job":"diag.ecko"}""", 400, "unknown_job", "job", "did you mean 'diag.echo'?" },
        { "POST", Runs, """{"job":"nothing.like.it.at.all"}""", 400, "unknown_job", "job", "/api/v1/jobs" },
        { "POST", Runs, """{"job":"diag\r\n.echo"}""", 400, "unknown_job", "job", "not a known job" },
        { "POST", Runs, """{"job":"diag.sleep"}""", 400, "missing_argument", "args.ms", "diag.sleep" },
        { "POST", Runs, """{"job":"test.needy","args":{"first":"a"}}""", 400, "missing_argument", "args.second", "test.needy" },
        { "POST", Runs, """{"job":"diag.sleep","args":{"ms":"5"}}""", 400, "invalid_argument", "args.ms", "integer" },
        { "POST", Runs, """{"job":"diag.sleep","args":{"ms":null}}""", 400, "invalid_argument", "args.ms", "integer" },
        { "POST", Runs, """{"job":"diag.sleep","args":{"ms":5,"ignoreCancelation":true}}""", 400, "unknown_argument",
            "args.ignoreCancelation", "did you mean 'ignoreCancellation'?" },
        // Options.
        { "POST", Runs, """{"job":"diag.echo","delay":"-00:00:05"}""", 400, "invalid_delay", "delay", "-00:00:05" },
        { "POST", Runs, """{"job":"diag.echo","delay":"-PT5S"}""", 400, "invalid_delay", "delay", "-00:00:05" },
        { "POST", Runs, """{"job":"diag.echo","delay":"soon"}""", 400, "invalid_delay", "delay", "soon" },
        { "POST", Runs, """{"job":"diag.echo","delay":"P4000D"}""", 400, "invalid_delay", "delay", "3650 days" },
        { "POST", Runs, """{"job":"diag.echo","runAt":"9999-12-31T23:59:59Z"}""", 400, "invalid_instant", "runAt", "3650 days" },
        { "POST", Runs, """{"job":"diag.echo","runAt":"9999-12-31T23:59:59-14:00"}""", 400, "invalid_instant", "runAt", "3650 days" },
        { "POST", Runs, """{"job":"diag.echo","runAt":"10000-01-01T00:00:00Z"}""", 400, "invalid_instant", "runAt", "ISO 8601" },
        { "POST", Runs, """{"job":"diag.echo","runAt":"+99999-01-01T00:00:00Z"}""", 400, "invalid_instant", "runAt", "ISO 8601" },
        { "POST", Runs, """{"job":"diag.echo","runAt":"tomorrow"}""", 400, "invalid_instant", "runAt", "ISO 8601" },
        { "POST", Runs, """{"job":"diag.echo","delay":"PT5S","runAt":"2026-12-01T00:00:00Z"}""", 400, "delay_and_run_at", "delay",
            "not both" },
        { "POST", Runs, """{"job":"diag.echo","lane":"a\r\nb"}""", 400, "invalid_lane", "lane", "1–64 characters" },
        { "POST", Runs, """{"job":"diag.echo","lane":""}""", 400, "invalid_lane", "lane", "1–64 characters" },
        { "POST", Runs, """{"job":"diag.echo","lane":"Ünder"}""", 400, "invalid_lane", "lane", "1–64 characters" },
        { "POST", Runs, """{"job":"diag.echo","tags":["ok","a\r\nb"]}""", 400, "invalid_tags", "tags[1]", "printable" },
        { "POST", Runs, """{"job":"diag.echo","tags":[""]}""", 400, "invalid_tags", "tags[0]", "1–64" },
        { "POST", Runs, """{"job":"diag.echo","tags":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17"]}""", 400,
            "invalid_tags", "tags", "up to 16" },
        { "POST", Runs, """{"job":"diag.echo","tags":[null]}""", 400, "invalid_tags", "tags[0]", "1–64" },
        { "POST", Runs, """{"job":"diag.echo","maxAttempts":0}""", 400, "invalid_max_attempts", "maxAttempts", "1–1000" },
        { "POST", Runs, """{"job":"diag.echo","maxAttempts":1001}""", 400, "invalid_max_attempts", "maxAttempts", "1–1000" },
        { "POST", Runs, """{"job":"diag.echo","idempotencyKey":"a\r\nb"}""", 400, "invalid_idempotency_key", "idempotencyKey",
            "printable ASCII" },
        { "POST", Runs, """{"job":"diag.echo","idempotencyKey":""}""", 400, "invalid_idempotency_key", "idempotencyKey", "1–200" },
        // Batches.
        { "POST", Batch, "{}", 400, "invalid_batch", "runs", "1–1000" },
        { "POST", Batch, """{"runs":[]}""", 400, "invalid_batch", "runs", "1–1000" },
        { "POST", Batch, "<Batch1001>", 400, "invalid_batch", "runs", "more than 1000" },
        { "POST", Batch, """{"runs":[{"job":"diag.echo"},{"job":"diag.echo"},{"job":"diag.echo","lane":"A B"}]}""", 400, "invalid_lane",
            "runs[2].lane", "1–64" },
        { "POST", Batch, """{"runs":[{"job":"diag.echo"},{"job":"diag.echo"},{"job":"diag.ecko"}]}""", 400, "unknown_job", "runs[2].job",
            "diag.echo" },
        { "POST", Batch, """{"runs":[{"job":"diag.echo"},{"job":"diag.echo"},{"job":"diag.sleep"}]}""", 400, "missing_argument",
            "runs[2].args.ms", "diag.sleep" },
        { "POST", Batch, """{"runs":[{"job":"diag.echo"},{"job":"diag.echo"},{"job":"diag.echo","delay":"no"}]}""", 400, "invalid_delay",
            "runs[2].delay", "no" },
        { "POST", Batch, """{"runs":[{"job":"diag.echo"},{"job":"diag.echo"},{"job":5}]}""", 400, "wrong_type", "runs[2].job", "a string" },
        { "POST", Runs, """{"job":"diag.echo","args":{"a":1,"l":[1,{"x":1},{"a":[2],"a":2}]}}""", 400, "duplicate_field", "args.l[2].a",
            "more than once" },
        { "POST", Runs, """{"job":"diag.echo","JOB":"diag.fail"}""", 400, "duplicate_field", "JOB", "more than once" },
        { "POST", Runs, """{"job":"diag.echo","JOB":"diag.fail"}x""", 400, "duplicate_field", "JOB", "more than once" },
        { "POST", Batch, """{"runs":[{"job":"diag.echo"},{"job":"diag.echo"},null]}""", 400, "wrong_type", "runs[2]", "a JSON object" },
        { "POST", Batch, """{"runs":[{"job":"diag.echo"},{"job":"diag.echo"},{"job":"diag.echo","args":{"a":1,"a":2}}]}""", 400,
            "duplicate_field", "runs[2].args.a", "more than once" },
        { "POST", Batch, """{"runs":[{"job":"diag.echo"},{"job":"diag.echo","arg":{}}]}""", 400, "unknown_field", "runs[1].arg",
            "did you mean 'args'?" },
        { "POST", Batch,
            """{"runs":[{"job":"diag.echo","idempotencyKey":"one"},{"job":"diag.echo","idempotencyKey":"one","args":{"a":2}}]}""", 409,
            "idempotency_conflict", "runs[1].idempotencyKey", "runs[0]" },
        { "POST", Runs, """{"job":"diag.echo","maxAttempts":"5"}""", 400, "wrong_type", "maxAttempts", "'\"5\"'" },
        // Text that is no text, and numbers that do not fit.
        { "POST", Runs, """{"job":"diag.echo","args":{"a":"\ud800"}}""", 400, "invalid_text", "args.a", "surrogate" },
        { "POST", Runs, """{"job":"diag.echo","args":{"l":[1,{"b":"x\udc00"}]}}""", 400, "invalid_text", "args.l[1].b", "surrogate" },
        { "POST", Runs, """{"job":"diag.echo","args":{"\ud800":1}}""", 400, "invalid_text", "args", "surrogate" },
        { "POST", Batch, """{"runs":[{"job":"diag.echo","args":{"a":"\ud800"}}]}""", 400, "invalid_text", "runs[0].args.a", "surrogate" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","args":{"a":"\ud800"}}""", 400, "invalid_text", "args.a", "surrogate" },
        { "POST", Runs, """{"job":"diag.sleep","args":{"ms":99999999999}}""", 400, "invalid_argument", "args.ms", "from 0 to 86400000" },
        { "POST", Runs, """{"job":"diag.sleep","args":{"ms":-5}}""", 400, "invalid_argument", "args.ms", "'-5'" },
        // Instants that .NET would read and ISO 8601 does not know.
        { "POST", Runs, """{"job":"diag.echo","runAt":"12/31/2026 10:00 PM Thursday"}""", 400, "invalid_instant", "runAt", "ISO 8601" },
        { "POST", Runs, """{"job":"diag.echo","runAt":"Tue, 01 Dec 2026 00:00:00 GMT"}""", 400, "invalid_instant", "runAt", "ISO 8601" },
        { "POST", Runs, """{"job":"diag.echo","runAt":"2026-12-31T00:00:00"}""", 400, "invalid_instant", "runAt", "with offset" },
        { "POST", Runs, """{"job":"diag.echo","runAt":"2026-13-31T00:00:00Z"}""", 400, "invalid_instant", "runAt", "ISO 8601" },
        { "PUT", Schedule, """{"job":"diag.echo","at":"9999-12-31T23:59:59Z"}""", 400, "invalid_instant", "at", "3650 days" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","anchor":"9999-12-31T23:59:59Z"}""", 400, "invalid_instant", "anchor",
            "3650 days" },
        // Schedules.
        { "PUT", Schedule, "", 400, "empty_body", "body", "empty" },
        { "PUT", Schedule, """{"job":"diag.echo","cron":"60 * * * *"}""", 400, "invalid_cron", "cron", "60" },
        { "PUT", Schedule, """{"job":"diag.echo","cron":"0 0 30 2 *"}""", 400, "never_fires", "cron", "never" },
        { "PUT", Schedule, """{"job":"diag.echo","cron":"0 0 12 * * ? 2020"}""", 400, "never_fires", "cron", "never" },
        { "PUT", Schedule, "<LongCron>", 400, "invalid_cron", "cron", "" },
        { "PUT", Schedule, """{"job":"diag.echo","cron":"* * * * *\r\n"}""", 400, "invalid_cron", "cron", "" },
        { "PUT", Schedule, """{"job":"diag.echo","cron":"* * * * *","zone":"Berlin"}""", 400, "unknown_zone", "zone", "Europe/Berlin" },
        { "PUT", Schedule, """{"job":"diag.echo","cron":"* * * * *","zone":"../../etc/passwd"}""", 400, "unknown_zone", "zone", "" },
        { "PUT", Schedule, """{"job":"diag.echo"}""", 400, "invalid_trigger", "trigger", "exactly one" },
        { "PUT", Schedule, """{"job":"diag.echo","cron":"* * * * *","every":"5s"}""", 400, "invalid_trigger", "trigger", "exactly one" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"-5s"}""", 400, "invalid_every", "every", "" },
        { "PUT", Schedule, """{"job":"diag.echo","at":"2001-01-01T00:00:00Z"}""", 400, "never_fires", "at", "never" },
        { "PUT", Schedule, """{"job":"diag.echo","at":"10000-01-01T00:00:00Z"}""", 400, "invalid_instant", "at", "ISO 8601" },
        { "PUT", Schedule, """{"job":"diag.ecko","every":"5s"}""", 400, "unknown_job", "job", "diag.echo" },
        { "PUT", Schedule, """{"job":"diag.sleep","every":"5s"}""", 400, "missing_argument", "args.ms", "diag.sleep" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","misfire":"whatever"}""", 400, "wrong_type", "misfire", "one of" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","chron":""}""", 400, "unknown_field", "chron", "did you mean 'cron'?" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","maxAttempts":0}""", 400, "invalid_max_attempts", "maxAttempts", "1–1000" },
        { "PUT", "/api/v1/schedules/a%0D%0Ab", """{"job":"diag.echo","every":"5s"}""", 400, "invalid_name", "id", "1–128" },
        { "PUT", "/api/v1/schedules/A%20b", """{"job":"diag.echo","every":"5s"}""", 400, "invalid_name", "id", "1–128" },
        // Queries and ids.
        { "GET", Runs + "?limit=-1", null, 400, "invalid_limit", "limit", "1–500" },
        { "GET", Runs + "?limit=0", null, 400, "invalid_limit", "limit", "1–500" },
        { "GET", Runs + "?limit=501", null, 400, "invalid_limit", "limit", "1–500" },
        { "GET", Runs + "?limit=x", null, 400, "invalid_limit", "limit", "1–500" },
        { "GET", Runs + "?limit=1&limit=2", null, 400, "duplicate_parameter", "limit", "more than once" },
        { "GET", Runs + "?stat=failed", null, 400, "unknown_parameter", "stat", "did you mean 'state'?" },
        { "GET", Runs + "?state=deaf", null, 400, "invalid_state", "state", "succeeded" },
        { "GET", Runs + "?q=stat:failed", null, 400, "invalid_query", "q", "did you mean 'state'?" },
        { "GET", Runs + "?q=timeout", null, 400, "invalid_query", "q", "field:value" },
        { "GET", Runs + "?q=state:failed&state=failed", null, 400, "invalid_query", "q", "given twice" },
        { "GET", Runs + "?q=job:%00", null, 400, "invalid_text", "q", "control characters" },
        { "GET", Runs + "?q=since:0001-01-01T00:00:00Z", null, 400, "invalid_query", "q", "how long ago" },
        { "GET", Runs + "?q=until:9999-12-31T23:59:59Z%20key:" + new string('k', 2030), null, 400, "query_too_long", "q", "2048" },
        { "GET", Runs + "?cursor=abc", null, 400, "invalid_cursor", "cursor", "next" },
        { "GET", Runs + "?cursor=AZrAAAAAcACAAAAAAAAAAAAAAAA", null, 400, "invalid_cursor", "cursor", "next" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","overlap":"never"}""", 400, "wrong_type", "overlap",
            "one of allow, skip, queue, replace" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","startsAt":"soon"}""", 400, "invalid_instant", "startsAt", "ISO 8601" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","exclude":["2026-02-30"]}""", 400, "invalid_exclude", "exclude[0]",
            "a date such as" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","exclude":[null]}""", 400, "invalid_exclude", "exclude[0]",
            "a date such as" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","labels":{"a":null}}""", 400, "invalid_labels", "labels.a", "printable" },
        { "PUT", Schedule, """{"job":"diag.echo","every":"5s","maxOccurrences":0}""", 400, "invalid_max_occurrences", "maxOccurrences",
            "1 and more" },
        { "PUT", Schedule + "?dryRun=maybe", """{"job":"diag.echo","every":"5s"}""", 400, "invalid_dry_run", "dryRun", "true or false" },
        { "POST", Schedule + "/pause", """{"until":"tomorrow"}""", 400, "invalid_instant", "until", "ISO 8601" },
        { "POST", Schedule + "/stop", """{"until":"2030-01-01T00:00:00Z"}""", 400, "unknown_field", "until", "reason" },
        { "POST", Schedule + "/backfill", """{"until":"2026-01-01T00:00:00Z"}""", 400, "missing_field", "from", "ISO 8601" },
        { "GET", Schedule + "/figures?from=now", null, 400, "invalid_instant", "from", "ISO 8601" },
        { "GET", "/api/v1/schedules/none/figures", null, 404, "not_found", null, "none" },
        { "GET", "/api/v1/schedules/none/outcomes", null, 404, "not_found", null, "none" },
        { "GET", Schedule + "/outcomes?limit=101", null, 400, "invalid_limit", "limit", "1–100" },
        { "GET", "/api/v1/schedules?outcomes=0", null, 400, "invalid_outcomes", "outcomes", "1–100" },
        { "POST", "/api/v1/schedules/none/stop", null, 404, "not_found", null, "none" },
        { "POST", "/api/v1/schedules/none/start", null, 404, "not_found", null, "none" },
        { "GET", "/api/v1/schedules?limit=5", null, 400, "unknown_parameter", "limit", "" },
        { "GET", Runs + "/abc", null, 400, "invalid_id", "id", "UUID" },
        { "GET", Runs + "/abc/logs", null, 400, "invalid_id", "id", "UUID" },
        { "POST", Runs + "/abc/cancel", null, 400, "invalid_id", "id", "UUID" },
        { "POST", Runs + "/abc/replay", null, 400, "invalid_id", "id", "UUID" },
        { "GET", Runs + "/a%0D%0Ab", null, 400, "invalid_id", "id", "UUID" },
        { "GET", Runs + "/0193f3c0-0000-7000-8000-000000000000", null, 404, "not_found", null, "0193f3c0" },
        { "POST", Runs + "/0193f3c0-0000-7000-8000-000000000000/cancel", """{"reasn":"x"}""", 400, "unknown_field", "reasn",
            "did you mean 'reason'?" },
        { "POST", Runs + "/0193f3c0-0000-7000-8000-000000000000/cancel", null, 404, "not_found", null, "0193f3c0" },
        { "POST", Runs + "/0193f3c0-0000-7000-8000-000000000000/replay", null, 404, "not_found", null, "0193f3c0" },
        { "GET", "/api/v1/schedules/none", null, 404, "not_found", null, "none" },
        { "POST", "/api/v1/schedules/none/trigger", null, 404, "not_found", null, "none" },
        { "POST", "/api/v1/schedules/none/pause", null, 404, "not_found", null, "none" },
        { "DELETE", "/api/v1/schedules/none", null, 404, "not_found", null, "none" },
        { "GET", "/api/v1/jobs/none", null, 404, "not_found", null, "none" },
        { "GET", "/api/v1/nothing", null, 404, "not_found", null, "404" },
        { "DELETE", Runs, null, 405, "method_not_allowed", null, "405" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Send_BadInput_NamesTheFieldAndStoresNothing(
        string method, string path, string? body, int status, string code, string? field, string said)
    {
        var before = await api.CountAsync();

        var answer = await api.SendAsync(method, path, Expand(body));

        Assert.Equal((status, code, field), (answer.Status, answer["code"], answer["field"]));
        Assert.Contains(said, answer["detail"], StringComparison.Ordinal);
        AssertIsProblem(answer);
        Assert.Equal(before, await api.CountAsync());
    }

    [Fact]
    public async Task Enqueue_TwoKeysThatDiffer_IsRefused()
    {
        var before = await api.CountAsync();

        var answer = await api.SendAsync("POST", Runs, """{"job":"diag.echo","idempotencyKey":"a"}""", key: "b");

        Assert.Equal((400, "two_idempotency_keys", "idempotencyKey"), (answer.Status, answer["code"], answer["field"]));
        Assert.Equal(before, await api.CountAsync());
    }

    [Theory]
    [InlineData(0xFF)]
    [InlineData(0xC0)]
    public async Task Enqueue_InvalidUtf8_IsRefusedAndNotChanged(byte broken)
    {
        var before = await api.CountAsync();
        byte[] body = [.. "{\"job\":\"diag.echo\",\"args\":{\"a\":\""u8, broken, .. "\"}}"u8];
        using var content = Json(body);

        var answer = await Answer.ReadAsync(await api.Http.PostAsync(new Uri(Runs, UriKind.Relative), content));

        Assert.Equal((400, "invalid_utf8", "body"), (answer.Status, answer["code"], answer["field"]));
        Assert.Equal(before, await api.CountAsync());
    }

    [Fact]
    public async Task Enqueue_ByteOrderMark_IsSkipped()
    {
        using var content = Json([0xEF, 0xBB, 0xBF, .. "{\"job\":\"diag.echo\"}"u8]);

        Assert.Equal(202, (await Answer.ReadAsync(await api.Http.PostAsync(new Uri(Runs, UriKind.Relative), content))).Status);
    }

    [Fact]
    public async Task EnqueueBatch_KeyInTheHeader_IsRefused()
    {
        var answer = await api.SendAsync("POST", Batch, """{"runs":[{"job":"diag.echo"}]}""", key: "k");

        Assert.Equal((400, "key_of_a_batch"), (answer.Status, answer["code"]));
    }

    [Fact]
    public async Task Lists_ARowWhoseJsonIsNone_ShowItAsText()
    {
        var (schedule, run) = ("broken", await api.EnqueueAsync("""{"job":"diag.echo"}"""));
        await api.SendAsync("PUT", "/api/v1/schedules/" + schedule, """{"job":"diag.echo","every":"1h"}""");
        await api.Fleet.Storage.WriteAsync(
            async scope =>
                await scope.Db.Schedules.Where(s => s.Id == schedule).ExecuteUpdateAsync(set => set.SetProperty(s => s.Args, "{bad"))
                + await scope.Db.Runs.Where(r => r.Id == run).ExecuteUpdateAsync(set => set.SetProperty(r => r.Args, "{bad")),
            CancellationToken.None);

        var schedules = await api.SendAsync("GET", "/api/v1/schedules");
        var shown = await api.SendAsync("GET", $"{Runs}/{run}");
        await api.SendAsync("DELETE", "/api/v1/schedules/" + schedule);

        Assert.Equal((200, 200), (schedules.Status, shown.Status));
        Assert.Contains(schedules.Items, s => s.GetProperty("args").ToString() == "{bad");
        Assert.Equal("{bad", shown["args"]);
    }

    [Fact]
    public async Task Schedules_DeletedWhileOthersPutAndPause_AnswerNoServerError()
    {
        var statuses = await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            var seen = new List<int>();
            for (var i = 0; i < 40; i++)
            {
                var (method, path, body) = (caller % 4) switch
                {
                    0 => ("DELETE", "/api/v1/schedules/race", null),
                    1 => ("POST", "/api/v1/schedules/race/pause", null),
                    2 => ("POST", "/api/v1/schedules/race/resume", null),
                    _ => ("PUT", "/api/v1/schedules/race", (string?)"""{"job":"diag.echo","every":"1h"}"""),
                };
                seen.Add((await api.SendAsync(method, path, body)).Status);
            }

            return seen;
        })));
        await api.SendAsync("DELETE", "/api/v1/schedules/race");

        Assert.All(statuses.SelectMany(s => s), status => Assert.Contains(status, new[] { 200, 201, 204, 404 }));
    }

    [Fact]
    public async Task Enqueue_KeyTooLongInTheHeader_IsRefused()
    {
        var answer = await api.SendAsync("POST", Runs, """{"job":"diag.echo"}""", key: new string('k', 201));

        Assert.Equal((400, "invalid_idempotency_key", "Idempotency-Key"), (answer.Status, answer["code"], answer["field"]));
    }

    [Fact]
    public async Task Enqueue_KeyGivenTwiceInTheHeader_IsRefused()
    {
        var before = await api.CountAsync();
        // By hand: HttpClient would join the two lines.
        using var client = new TcpClient();
        await client.ConnectAsync(api.Http.BaseAddress!.Host, api.Http.BaseAddress.Port);
        const string request =
            "POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
                + "19\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n{\"job\":\"diag.echo\"}";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(client.GetStream());
        var answer = await reader.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"two_idempotency_keys\"", answer, StringComparison.Ordinal);
        Assert.Equal(before, await api.CountAsync());
    }

    [Fact]
    public async Task List_CursorOfAnotherPageWithOneCharacterChanged_IsRefused()
    {
        for (var i = 0; i < 3; i++)
            await api.EnqueueAsync("""{"job":"diag.echo"}""");
        var cursor = (await api.SendAsync("GET", Runs + "?limit=1"))["next"]!;
        Assert.Equal(200, (await api.SendAsync("GET", $"{Runs}?limit=1&cursor={cursor}")).Status);

        for (var i = 0; i < cursor.Length; i++)
        {
            var forged = cursor[..i] + (cursor[i] == 'A' ? 'B' : 'A') + cursor[(i + 1)..];
            var answer = await api.SendAsync("GET", $"{Runs}?limit=1&cursor={forged}");
            Assert.Equal((400, "invalid_cursor"), (answer.Status, answer["code"]));
        }
    }

    private static ByteArrayContent Json(byte[] body) => new(body)
    {
        Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
    };

    private static void AssertIsProblem(Answer answer)
    {
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal($"{answer.Status}", answer["status"]);
        Assert.DoesNotContain("   at ", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(".cs:line", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", answer.Text, StringComparison.Ordinal);
        // What was wrong is shown, not sent back whole.
        Assert.InRange(answer.Text.Length, 1, 2500);
        Assert.DoesNotContain("\\r", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>Bodies that are too large for a table.</summary>
    private static string? Expand(string? body) => body switch
    {
        "<Deep>" => """{"job":"diag.echo","args":""" + Nest(10_000) + "}",
        "<DeepBody>" => new string('[', 10_000) + new string(']', 10_000),
        "<LargeArgs>" => """{"job":"diag.echo","args":{"a":""" + $"\"{new string('x', 256 * 1024)}\"}}}}",
        "<LargeArgsBatch>" => """{"runs":[{"job":"diag.echo","args":{"a":""" + $"\"{new string('x', 256 * 1024)}\"}}}}]}}",
        "<LargeBody>" => """{"job":"diag.echo","args":{"a":""" + $"\"{new string('x', 1024 * 1024)}\"}}}}",
        "<LongCron>" => """{"job":"diag.echo","cron":""" + $"\"{new string('*', 1_000_000)}\"}}",
        "<Batch1001>" => """{"runs":[""" + string.Join(",", Enumerable.Repeat("""{"job":"diag.echo"}""", 1001)) + "]}",
        _ => body,
    };

    private static string Nest(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
}
