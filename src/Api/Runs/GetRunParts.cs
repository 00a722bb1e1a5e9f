using System.Globalization;
using System.Text;
using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Core.Jobs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Api.Runs;

/// <summary>The long texts of a run, raw and as a download: args, output, error and log.</summary>
internal static class GetRunPartsEndpoints
{
    private const string Json = "application/json";
    private const string PlainText = "text/plain; charset=utf-8";
    private const int LinesAtOnce = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/runs/{id}/args", ArgsAsync).Declare(new("getRunArgs", "Downloads the args of a run.")
        {
            Permission = Permission.Follow,
            Parameters = [CommonParameters.RunId],
            Answers = [AnswerContract.Raw(Json, "The args as they are stored, with `***` in the place of each secret.")],
            Problems = ["not_found"],
        });
        api.MapGet("/runs/{id}/output", OutputAsync).Declare(new("getRunOutput", "Downloads the output of a run.")
        {
            Permission = Permission.Follow,
            Parameters = [CommonParameters.RunId],
            Answers = [AnswerContract.Raw(Json, "The output as the handler returned it: any JSON.")],
            Problems = ["not_found", "no_output"],
        });
        api.MapGet("/runs/{id}/error", ErrorAsync).Declare(new("getRunError", "Downloads the error of a run.")
        {
            Permission = Permission.Follow,
            Parameters = [CommonParameters.RunId],
            Answers = [AnswerContract.Raw("text/plain", "The type, the message and, if the latest attempt failed, the stack.")],
            Problems = ["not_found", "no_error"],
        });
        api.MapGet("/runs/{id}/log", LogAsync).Declare(new("getRunLog", "Downloads the whole log of a run as text.")
        {
            Permission = Permission.Follow,
            Parameters = [CommonParameters.RunId],
            Answers = [AnswerContract.Raw("text/plain", "A line for each message: time, attempt, level and message with spaces between "
                + "them, such as `2026-01-31T12:00:00.000Z 1 information Sent 3 mails`.")],
            Problems = ["not_found"],
        });
    }

    /// <summary>The args, redacted.</summary>
    private static async Task<IResult> ArgsAsync(string id, HttpContext http, IStorage storage, SecretArgs secrets, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        await using var db = storage.Read();
        return await db.Runs.Where(r => r.Id == runId).Select(r => new { r.Job, r.Args }).FirstOrDefaultAsync(ct) is { } run
            ? Raw(http, runId, "args", Json, await secrets.ReadAsync(run.Job, run.Args, ct))
            : Problems.NotFound("run", id);
    }

    private static async Task<IResult> OutputAsync(string id, HttpContext http, IStorage storage, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        await using var db = storage.Read();
        var found = await db.Runs.Where(r => r.Id == runId).Select(r => r.Output).ToListAsync(ct);
        if (found.Count == 0)
            return Problems.NotFound("run", id);
        return found[0] is { } text ? Raw(http, runId, "output", Json, text) : NothingThere(runId, "output");
    }

    /// <summary>The type, the message and, if the latest attempt failed, the stack.</summary>
    private static async Task<IResult> ErrorAsync(string id, HttpContext http, IStorage storage, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        await using var db = storage.Read();
        if (await db.Runs.Where(r => r.Id == runId).Select(r => new { r.ErrorType, r.Error }).FirstOrDefaultAsync(ct) is not { } run)
            return Problems.NotFound("run", id);
        if (run.Error is not { } error)
            return NothingThere(runId, "error");
        var attempt = await db.Attempts.AsNoTracking().Where(a => a.RunId == runId).OrderByDescending(a => a.Id).FirstOrDefaultAsync(ct);
        var text = run.ErrorType is { } type ? $"{type}: {error}" : error;
        return Raw(
            http, runId, "error", PlainText, attempt?.Error == error && attempt.Stack is { } stack ? $"{text}\n{stack}" : text);
    }

    private static async Task<IResult> LogAsync(string id, HttpContext http, IStorage storage, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        await using var db = storage.Read();
        if (!await db.Runs.AnyAsync(r => r.Id == runId, ct))
            return Problems.NotFound("run", id);
        Prepare(http, runId, "log", PlainText);
        await using var body = new StreamWriter(http.Response.Body, leaveOpen: true);
        for (long after = 0; ;)
        {
            var lines = await db.RunLogs.AsNoTracking().Where(l => l.RunId == runId && l.Id > after).OrderBy(l => l.Id).Take(LinesAtOnce)
                .ToListAsync(ct);
            foreach (var line in lines)
                await body.WriteAsync(Text(line).AsMemory(), ct);
            await body.FlushAsync(ct);
            if (lines.Count < LinesAtOnce)
                return Results.Empty;
            after = lines[^1].Id;
        }
    }

    private static string Text(RunLogLine line) => string.Create(
        CultureInfo.InvariantCulture,
        $"{line.At.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {line.Attempt} {line.Level.ToWord()} {line.Message}\n");

    private static IResult NothingThere(RunId id, string part) =>
        Problems.Make(StatusCodes.Status404NotFound, $"no_{part}", $"Run {id} has no {part}.");

    private static IResult Raw(HttpContext http, RunId id, string part, string contentType, string text)
    {
        Prepare(http, id, part, contentType);
        return Results.Bytes(Encoding.UTF8.GetBytes(text), contentType);
    }

    /// <summary>A browser saves it instead of showing it, and takes it for nothing else: text that others wrote may contain
    /// scripts.</summary>
    private static void Prepare(HttpContext http, RunId id, string part, string contentType)
    {
        var headers = http.Response.Headers;
        headers.ContentType = contentType;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        headers.ContentDisposition = $"attachment; filename=\"{id}-{part}.{(contentType == Json ? "json" : "txt")}\"";
    }
}
