using Fleet.Api.Access;
using Fleet.Api.Contract;
using Fleet.Api.Runs;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Operations;
using Fleet.Core.Rules;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api.Operations;

/// <summary>Changes of all runs that match a query.</summary>
internal static class OperationsEndpoints
{
    private const int DefaultLimit = 50;

    private static readonly TextParameter Id = new("id", "The id of the operation.")
    {
        Place = ParameterPlace.Path,
        MaxLength = 36,
        Example = "01938f3c-0000-7000-8000-000000000000",
    };

    private static readonly WordParameter<OperationState> State = new("state", "Operations in this state.") { Example = "running" };

    private static readonly TextParameter Cursor = new("cursor", "`next` of the page before.") { MaxLength = 36 };

    private static readonly NumberParameter Limit = CommonParameters.Limit(DefaultLimit);

    private static readonly string[] Codes =
    [
        "invalid_kind", "invalid_query", "query_too_long", "secret_argument", OperationRules.ImpossibleState,
    ];

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/operations/preview", PreviewAsync).Declare(new(
            "previewOperation", "Tells which runs an operation would change, and changes nothing.")
        {
            Permission = Permission.Operate,
            IsSearch = true,
            Bound = BoundAnswer.Filtered,
            Description = "`token` is what the creation takes, within an hour. The operation touches no run that was made after the "
                + "preview, and none that ended after it.",
            Body = BodyContract.Of<PreviewOperationBody>(
                """{"kind":"replay","query":"state:failed job:report.* since:1d"}""",
                static (http, body, errors) =>
                {
                    Read(http, body, errors);
                    return ValueTask.CompletedTask;
                }),
            Answers = [AnswerContract.Of<OperationPreviewView>("What it would change.")],
            Problems = Codes,
        });
        api.MapPost("/operations", CreateAsync).Declare(new("createOperation", "Cancels, replays or deletes all runs of a preview.")
        {
            Permission = Permission.Operate,
            IsSearch = true,
            Bound = BoundAnswer.Filtered,
            Description = "The leading scheduler executes it, the newest runs first, at most `rate` runs per second. Ask for the operation "
                + "to see how far it is. The kind and the query are those of the preview. Only runs that have ended are deleted.",
            Body = BodyContract.Of<CreateOperationBody>(
                """{"kind":"replay","query":"state:failed job:report.* since:1d","token":"…","rate":200,"reason":"the printer works"}""",
                static (http, body, errors) =>
                {
                    CreateOperations.Check(Read(http, body, errors), errors);
                    return ValueTask.CompletedTask;
                }),
            Answers =
            [
                AnswerContract.Of<OperationView>("The operation.", StatusCodes.Status201Created),
                AnswerContract.Of<OperationView>("The operation that was created with this token before."),
            ],
            Problems =
            [
                .. Codes, "invalid_rate", "invalid_expect", "invalid_token", "token_of_another_preview", "token_expired",
                "unexpected_count", "too_many_operations",
            ],
        });
        api.MapGet("/operations", ListAsync).Declare(new("listOperations", "Lists the operations, the newest first.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Filtered,
            Parameters = [State, Cursor, Limit],
            Answers = [AnswerContract.Of<Page<OperationView>>("The operations.")],
        });
        api.MapGet("/operations/{id}", GetAsync).Declare(new("getOperation", "Shows an operation and how far it is.")
        {
            Permission = Permission.View,
            Parameters = [Id],
            Answers = [AnswerContract.Of<OperationView>("The operation.")],
            Problems = ["not_found"],
        });
        api.MapPost("/operations/{id}/cancel", CancelAsync).Declare(new("cancelOperation", "Stops an operation.")
        {
            Permission = Permission.Operate,
            Description = "The runs that had their turn stay changed.",
            Parameters = [Id],
            Body = BodyContract.Optional<CancelBody>("""{"reason":"the wrong job"}"""),
            Answers = [AnswerContract.Of<OperationView>("The operation as it is now.")],
            Problems = ["not_found", "operation_ended"],
        });
    }

    private static async Task<IResult> PreviewAsync(HttpContext http, PreviewOperations preview, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<PreviewOperationBody>(http, ct);
        var errors = new InputErrors();
        var kind = Read(http, body, errors).Kind;
        errors.ThrowIfAny();
        var found = await preview.FindAsync(kind, body.Query, Caller.Of(http), ct);
        return Results.Json(
            new OperationPreviewView
            {
                Kind = found.Kind.ToWord(),
                Query = found.Query,
                Count = Show(found.Count.Value, found.Count.IsAtLeast),
                Sample = [.. found.Sample.Select(run => run.ToView())],
                Horizon = new HorizonView { At = found.Horizon.At, Newest = found.Horizon.Newest?.ToString() },
                Token = found.Token,
                ExpiresAt = found.ExpiresAt,
            },
            FleetJson.Payload);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, CreateOperations create, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<CreateOperationBody>(http, ct);
        var errors = new InputErrors();
        var request = Read(http, body, errors);
        CreateOperations.Check(request, errors);
        errors.ThrowIfAny();
        var (operation, isNew) = await create.ExecuteAsync(request, Caller.Of(http), CancellationToken.None);
        return Results.Json(
            Show(operation), FleetJson.Payload, statusCode: isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<IResult> ListAsync(HttpContext http, GetOperations get, CancellationToken ct)
    {
        var limit = Limit.Of(http);
        var found = await get.ListAsync(Admission.PrincipalOf(http).Lanes, State.Find(http), Cursor.Find(http), limit, ct);
        return Results.Json(
            new Page<OperationView> { Items = [.. found.Select(Show)], Next = found.Count == limit ? found[^1].Id : null },
            FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string id, GetOperations get, CancellationToken ct) =>
        await get.FindAsync(id, ct) is { } operation
            ? Results.Json(Show(operation), FleetJson.Payload)
            : Problems.NotFound("operation", id);

    private static async Task<IResult> CancelAsync(string id, HttpContext http, CancelOperations cancel, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<CancelBody>(http, ct);
        return await cancel.ExecuteAsync(id, body.Reason, Caller.Of(http), CancellationToken.None) switch
        {
            null => Problems.NotFound("operation", id),
            (var ended, false) => Problems.Conflict(
                "operation_ended", $"Operation {ended.Id} is {ended.State.ToWord()}; there is nothing to cancel."),
            (var stopped, true) => Results.Json(Show(stopped), FleetJson.Payload),
        };
    }

    /// <summary>Reads what both bodies have, and checks it.</summary>
    private static OperationRequest Read(HttpContext http, PreviewOperationBody body, InputErrors errors)
    {
        var kind = OperationRules.FindKind(body.Kind);
        if (kind is null)
            errors.Add(RunRules.Invalid("invalid_kind", "kind", body.Kind, OperationRules.Kinds));
        try
        {
            OperationRules.Read(
                kind ?? OperationKind.Cancel, body.Query, Admission.PrincipalOf(http).Lanes,
                new Horizon(http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(), Newest: null));
        }
        catch (InvalidRunException e)
        {
            // Without a kind, only what is wrong with any of them.
            if (kind is not null || e.Errors[0].Code != OperationRules.ImpossibleState)
                errors.Add(e);
        }

        var create = body as CreateOperationBody;
        return new OperationRequest(kind ?? OperationKind.Cancel, body.Query, create?.Token)
        {
            Expect = create?.Expect,
            Rate = create?.Rate,
            Reason = create?.Reason,
        };
    }

    private static OperationView Show(Operation operation) => new()
    {
        Id = operation.Id,
        Kind = operation.Kind.ToWord(),
        State = operation.State.ToWord(),
        Query = operation.Query,
        Lanes = KeyRules.FromRow(operation.Lanes),
        Horizon = new HorizonView { At = operation.AsOf, Newest = operation.Newest?.ToString() },
        Matched = Show((int)operation.Matched, operation.MatchedMore),
        Done = operation.Done,
        Skipped = new SkippedView { Changed = operation.SkippedChanged, Gone = operation.SkippedGone },
        Failed = operation.Failed,
        Error = operation.Error,
        Rate = operation.Rate,
        Reason = operation.Reason,
        CreatedAt = operation.CreatedAt,
        CreatedBy = operation.CreatedBy.ToView(),
        FinishedAt = operation.FinishedAt,
        CanceledBy = operation.CanceledBy?.ToView(),
    };

    private static CountView Show(int value, bool isAtLeast) => new() { Value = value, Relation = isAtLeast ? "gte" : "eq" };
}
