using System.Buffers;
using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run enqueue JOB [ARGS-JSON]</c>: asks for a run and prints its id.</summary>
public static class EnqueueRuns
{
    private static readonly Argument<string> Job = new("JOB") { Description = "The job's name, such as report.daily." };

    private static readonly Argument<string> Args = new("ARGS-JSON")
    {
        Description = "The job's args as JSON, such as '{\"day\":\"2026-11-22\"}'. Default: {}.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string> Lane = new("--lane") { Description = "The lane. Default: the job's.", HelpName = "NAME" };
    private static readonly Option<string> Delay = new("--delay")
    {
        Description = "Run after this time: 90s, 5m, PT90S or 00:01:30.",
        HelpName = "DURATION",
    };
    private static readonly Option<string> RunAt = new("--run-at")
    {
        Description = "Run at this instant, ISO 8601 with offset.",
        HelpName = "INSTANT",
    };
    private static readonly Option<string> Key = new("--key")
    {
        Description = "Idempotency key: a second request with the same key makes no second run.",
        HelpName = "KEY",
    };
    private static readonly Option<string[]> Tags = new("--tag") { Description = "A tag; may be given several times.", HelpName = "TAG" };
    private static readonly Option<int?> MaxAttempts = NumberOption.Make(
        "--max-attempts", 1, 1000, "Attempts in all. Default: the job's.", "N");

    private static readonly Option<bool> Wait = new("--wait")
    {
        Description = "Wait until the run has ended and print its state with output or error; exit code 1 unless it succeeded.",
    };

    private static readonly Option<string> Timeout = new("--timeout")
    {
        Description = "How long --wait waits, such as 30s or 5m; then the exit code is 8. Default: until the run has ended.",
        HelpName = "DURATION",
    };

    public static Command Command(CommandContext cli)
    {
        var command = new Command("enqueue", "Enqueue a run of a job and print its id.")
        {
            Job, Args, Lane, Delay, RunAt, Key, Tags, MaxAttempts, Wait, Timeout, cli.DryRunOption,
        };
        command.SetAction((parsed, ct) => ExecuteAsync(cli, parsed, ct));
        return command;
    }

    private static async Task<int> ExecuteAsync(CommandContext cli, ParseResult parsed, CancellationToken ct)
    {
        var patience = WaitForRuns.ReadTimeout(parsed.GetValue(Timeout));
        if (patience is not null && !parsed.GetValue(Wait))
            throw new UsageException("--timeout: it goes with --wait.");
        var isDryRun = parsed.GetValue(cli.DryRunOption);
        var output = cli.Output(parsed);
        using var api = cli.Connect(parsed);
        var answer = await api.PostAsync(isDryRun ? "runs?dryRun=true" : "runs", Body(parsed), ct);
        var id = api.Read(answer, ApiJson.Default.EnqueuedView).Id;
        if (isDryRun)
        {
            output.Answer(answer, id, id.Length > 0 ? $"{id} exists already with this key" : "would be enqueued");
            return (int)ExitCode.Ok;
        }

        if (!parsed.GetValue(Wait))
        {
            output.Answer(answer, id, id);
            await ExplainRuns.WarnAsync(api, id, cli.Time, ct);
            return (int)ExitCode.Ok;
        }

        // Before the wait, so that a person can look at the run meanwhile.
        if (output.IsText)
            output.Line(id);
        var ended = await WaitForRuns.UntilEndedAsync(api, id, cli.Time, patience, ct);
        var run = api.Read(ended, ApiJson.Default.RunDetailView);
        output.Answer(ended, id, run switch
        {
            { State: "succeeded", Output: { } result } => $"{run.State}: {Screen.JsonText(result)}",
            { Error: { Length: > 0 } error } => $"{run.State}: {error}",
            _ => run.State,
        });
        return (int)(run.State == "succeeded" ? ExitCode.Ok : ExitCode.Failure);
    }

    // Only what was given: the server knows the defaults. Args go as they were written, so that no number loses a digit.
    private static byte[] Body(ParseResult parsed)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var body = new Utf8JsonWriter(buffer))
        {
            body.WriteStartObject();
            body.WriteString("job", parsed.GetRequiredValue(Job));
            if (parsed.GetValue(Args) is { } args)
            {
                body.WritePropertyName("args");
                body.WriteRawValue(CheckJson(args), skipInputValidation: true);
            }

            Write(body, "lane", parsed.GetValue(Lane));
            Write(body, "delay", parsed.GetValue(Delay));
            Write(body, "runAt", parsed.GetValue(RunAt));
            Write(body, "idempotencyKey", parsed.GetValue(Key));
            if (parsed.GetValue(MaxAttempts) is { } maxAttempts)
                body.WriteNumber("maxAttempts", maxAttempts);
            if (parsed.GetValue(Tags) is { Length: > 0 } tags)
            {
                body.WriteStartArray("tags");
                foreach (var tag in tags)
                    body.WriteStringValue(tag);
                body.WriteEndArray();
            }

            body.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter body, string name, string? value)
    {
        if (value is not null)
            body.WriteString(name, value);
    }

    private static string CheckJson(string args)
    {
        try
        {
            using var document = JsonDocument.Parse(args);
            return args;
        }
        catch (JsonException e)
        {
            throw new UsageException($"ARGS-JSON: {Plain.Line(args, 100)} is not JSON; put it in single quotes. {e.Message}");
        }
    }
}
