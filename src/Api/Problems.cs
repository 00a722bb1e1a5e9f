using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace Fleet.Api;

/// <summary>Errors as the API tells them: RFC 9457 problem details with a stable <c>code</c>, and <c>errors</c> with every field that was
/// refused. <c>field</c>, <c>value</c> and <c>allowed</c> are those of the first. Never a stack trace.</summary>
internal static class Problems
{
    private const string Api = "/api/v1";

    /// <summary>The refusal of a field.</summary>
    public static IResult Refused(InputError error) => Refused([error]);

    /// <summary>The refusal of several fields.</summary>
    public static IResult Refused(IReadOnlyList<InputError> errors) => new Answer(
        Details(ProblemCode.StatusOf(errors[0].Code), errors[0].Code, errors[0].Message), errors);

    public static IResult NotFound(string what, string id) => Make(
        StatusCodes.Status404NotFound, "not_found", $"There is no {what} '{Core.Rules.RunRules.Show(id)}'.");

    public static IResult Conflict(string code, string message, InputError? error = null) =>
        Make(StatusCodes.Status409Conflict, code, message, error);

    /// <summary>Says also which run has the key.</summary>
    public static IResult Conflict(IdempotencyConflictException e) => Make(
        StatusCodes.Status409Conflict, "idempotency_conflict", e.Message,
        new InputError("idempotency_conflict", e.Field, e.Message, e.Key, "the same request, or a key of its own"), e.Existing);

    public static IResult Make(int status, string code, string message, InputError? error = null, RunId? existing = null)
    {
        var problem = Details(status, code, message);
        if (existing is { } run)
            problem.Extensions["existing"] = run.ToString();
        return new Answer(problem, error is null ? [] : [error]);
    }

    /// <summary>Answers with a problem that has more members than the others.</summary>
    public static IResult Show(ProblemDetails problem) => new Answer(problem, []);

    /// <summary>The members that every problem has.</summary>
    public static ProblemDetails Details(int status, string code, string message)
    {
        var problem = new ProblemDetails { Type = $"/problems/{code}", Status = status, Title = Title(status), Detail = message };
        problem.Extensions["code"] = code;
        problem.Extensions["traceId"] = Activity.Current?.TraceId.ToString();
        return problem;
    }

    /// <summary>The path below which the API is mapped, as the caller sees it: <c>/fleet</c> for <c>/fleet/api/v1/runs</c>.</summary>
    public static string BaseOf(HttpRequest request)
    {
        // What no endpoint answers is below the root.
        var path = request.HttpContext.GetEndpoint() is null ? "" : request.Path.Value ?? "";
        // After the API's own path there is no other: in an id, a slash is escaped.
        var end = path.LastIndexOf(Api + "/", StringComparison.Ordinal);
        if (end < 0)
            end = path.LastIndexOf("/problems", StringComparison.Ordinal);
        return request.PathBase.ToUriComponent() + new PathString(end > 0 ? path[..end] : "").ToUriComponent();
    }

    private static FieldErrorView View(InputError error, EndpointContract? contract)
    {
        var (place, name) = error.Code is "unknown_parameter" or "duplicate_parameter"
            ? ("query", error.Field)
            : PlaceOf(error.Field, contract);
        return new()
        {
            In = place,
            Pointer = error.Pointer ?? JsonPointer.Of(name),
            Field = error.Field,
            Detail = error.Message,
            Code = error.Code,
            Value = error.Value,
            Allowed = error.Allowed,
        };
    }

    /// <summary>Fields of the body are named as they are; a parameter is named by its declaration.</summary>
    private static (string Place, string Field) PlaceOf(string field, EndpointContract? contract)
    {
        if (contract?.Parameters.FirstOrDefault(p => p.Name == field) is { } parameter)
            return (parameter.Place.ToWord(), field);
        if (field is "Host" or "Origin" or "headers" || field.Contains('-', StringComparison.Ordinal))
            return ("header", field);
        return field == "path" ? ("path", "body") : contract is { Body: null } && field != "body" ? ("query", field) : ("body", field);
    }

    private sealed class Answer(ProblemDetails problem, IReadOnlyList<InputError> errors) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var contract = httpContext.GetEndpoint()?.Metadata.GetMetadata<EndpointContract>();
            problem.Type = BaseOf(httpContext.Request) + problem.Type;
            if (errors.Count > 0)
            {
                problem.Extensions["field"] = errors[0].Field;
                problem.Extensions["value"] = errors[0].Value;
                problem.Extensions["allowed"] = errors[0].Allowed;
                problem.Extensions["errors"] = errors.Select(e => View(e, contract)).ToArray();
            }

            return Results.Json(problem, FleetJson.Payload, "application/problem+json", problem.Status).ExecuteAsync(httpContext);
        }
    }

    /// <summary>Says also when to try again.</summary>
    public static IResult Busy(HttpContext http, int status, string code, string message, TimeSpan retryAfter)
    {
        http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Make(status, code, message);
    }

    private static string Title(int status) => status switch
    {
        400 => "The request was refused.",
        401 => "The caller is not known.",
        403 => "The caller may not do this.",
        404 => "Not found.",
        405 => "The method is not allowed here.",
        409 => "The request contradicts what is stored.",
        412 => "What is stored is not what the request expects.",
        413 => "The request is too large.",
        414 => "The URL is too long.",
        415 => "The content type is not supported.",
        428 => "The request must say which version it changes.",
        429 => "Too many requests.",
        431 => "The headers are too large.",
        503 => "Not available now.",
        505 => "This version of HTTP is not supported.",
        _ => status < 500 ? "The request was refused." : "Something went wrong in the server.",
    };
}

/// <summary>Turns whatever an endpoint throws into a problem.</summary>
internal sealed partial class ExceptionProblems(IStorage storage, ILogger<ExceptionProblems> logger)
{
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            // Nobody waits for the answer to a request that was aborted.
            if (!http.RequestAborted.IsCancellationRequested)
                await AnswerAsync(http, e);
        }
    }

    private async Task AnswerAsync(HttpContext http, Exception exception)
    {
        var result = exception switch
        {
            InvalidRunException e => Problems.Refused(e.Errors),
            IdempotencyConflictException e => Problems.Conflict(e),
            FleetBusyException e => Problems.Busy(http, StatusCodes.Status429TooManyRequests, "too_many_requests", e.Message, e.RetryAfter),
            BadHttpRequestException e => Problems.Make(e.StatusCode, e.StatusCode == 413 ? "body_too_large" : "bad_request", e.Message),
            OutcomeUnknownException e => Unknown(http, e),
            _ when storage.IsOutage(exception) => Unavailable(http, exception),
            _ when storage.IsConflict(exception) => Problems.Busy(
                http, StatusCodes.Status503ServiceUnavailable, "database_busy",
                "Another change was in the way of this one. Repeat the request.", TimeSpan.FromSeconds(1)),
            _ => Unexpected(exception),
        };
        await result.ExecuteAsync(http);
    }

    private IResult Unavailable(HttpContext http, Exception e)
    {
        LogFailed(e);
        var told = e.Chain().OfType<DatabaseUnavailableException>().FirstOrDefault();
        var reason = told?.Message ?? "database: " + (e.Chain().OfType<DbException>().FirstOrDefault() ?? e).Message;
        // Known of an enqueue alone: other requests may have made their change before they failed, and may be repeated.
        var outcome = http.GetEndpoint()?.Metadata.GetMetadata<EndpointContract>()?.Name is "enqueueRun" or "enqueueRuns"
            ? "Nothing was stored."
            : "Repeat the request.";
        return Problems.Busy(
            http, StatusCodes.Status503ServiceUnavailable, "database_unavailable", $"{reason.TrimEnd('.')}. {outcome}",
            told?.RetryAfter ?? TimeSpan.FromSeconds(2));
    }

    private IResult Unknown(HttpContext http, OutcomeUnknownException e)
    {
        LogFailed(e);
        var what = e.Runs.Count switch
        {
            0 => "the change was stored. Repeat the request.",
            1 => $"run {e.Runs[0]} was stored. Repeat the request with the same idempotency key; without a key, look for the run first.",
            _ => $"the {e.Runs.Count} runs from {e.Runs[0]} on were stored. Repeat the request with the same idempotency keys; without "
                + "keys, look for one of the runs first.",
        };
        return Problems.Busy(
            http, StatusCodes.Status503ServiceUnavailable, "outcome_unknown",
            $"The database did not answer to the commit. It is not known whether {what}", TimeSpan.FromSeconds(2));
    }

    private IResult Unexpected(Exception e)
    {
        LogFailed(e);
        return Problems.Make(
            StatusCodes.Status500InternalServerError, "internal_error", "An error of Fleet itself; its log has more under this traceId.");
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed.")]
    private partial void LogFailed(Exception e);
}
