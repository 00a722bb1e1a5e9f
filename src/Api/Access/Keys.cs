using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Access;

/// <summary>API keys: who may call, and what for.</summary>
internal static class KeysEndpoints
{
    private static readonly TextParameter Id = new("id", "The id of the key: the 8 characters after `flt_`.")
    {
        Place = ParameterPlace.Path,
        MaxLength = 8,
        Example = "abcdefgh",
    };

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/keys", ListAsync).Declare(new("listKeys", "Lists the API keys, the newest first, also those that have ended.")
        {
            Permission = Permission.Administer,
            Answers = [AnswerContract.Of<Page<KeyView>>("The keys, without their secrets.")],
        });
        api.MapGet("/keys/{id}", GetAsync).Declare(new("getKey", "Shows an API key.")
        {
            Permission = Permission.Administer,
            Parameters = [Id],
            Answers = [AnswerContract.Of<KeyView>("The key, without its secret.")],
            Problems = ["not_found"],
        });
        api.MapPost("/keys", CreateAsync).Declare(new("createKey", "Makes an API key.")
        {
            Permission = Permission.Administer,
            Description = "The answer has the text of the key. It is shown this once: only a hash of it is stored.",
            Parameters = [CommonParameters.DryRun],
            Body = BodyContract.Of<CreateKeyBody>(
                """{"name":"billing","role":"submitter","lanes":["mail"],"expiresIn":"90d"}""",
                static (_, body, errors) =>
                {
                    Read(body, errors);
                    return ValueTask.CompletedTask;
                }),
            Answers =
            [
                AnswerContract.Of<CreatedKeyView>("The key.", StatusCodes.Status201Created),
                AnswerContract.Of<CreatedKeyView>("With `dryRun`: what the key would be."),
            ],
            Problems = ["invalid_name", "invalid_role", "invalid_expiry", "invalid_lanes", "invalid_lane"],
        });
        api.MapPost("/keys/{id}/rotate", RotateAsync).Declare(new("rotateKey", "Makes a key in the place of another.")
        {
            Permission = Permission.Administer,
            Description = "Both are valid for a while, in which programs change to the new one. Then the old one ends.",
            Parameters = [Id, CommonParameters.DryRun],
            Body = BodyContract.Optional<RotateKeyBody>("""{"overlap":"1d"}"""),
            Answers =
            [
                AnswerContract.Of<CreatedKeyView>("The new key.", StatusCodes.Status201Created),
                AnswerContract.Of<CreatedKeyView>("With `dryRun`: what the new key would be."),
            ],
            Problems = ["not_found", "key_ended", "invalid_overlap", "invalid_expiry"],
        });
        api.MapPost("/keys/{id}/revoke", RevokeAsync).Declare(new("revokeKey", "Ends a key at once, and the sessions that it has opened.")
        {
            Permission = Permission.Administer,
            Description = "Other processes believe a key for 2 seconds at most. A key that has been revoked stays as it is.",
            Parameters = [Id],
            Body = BodyContract.Optional<ControlBody>("""{"reason":"the laptop was stolen"}"""),
            Answers = [AnswerContract.Of<KeyView>("The key as it is now.")],
            Problems = ["not_found"],
        });
    }

    private static async Task<IResult> ListAsync(GetKeys get, TimeProvider time, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return Results.Json(
            new Page<KeyView> { Items = [.. (await get.ListAsync(ct)).Select(key => Show(key, now))] }, FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string id, GetKeys get, TimeProvider time, CancellationToken ct) =>
        await get.FindAsync(id, ct) is { } key
            ? Results.Json(Show(key, time.GetUtcNow()), FleetJson.Payload)
            : Problems.NotFound("key", id);

    private static async Task<IResult> CreateAsync(HttpContext http, CreateKeys create, TimeProvider time, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<CreateKeyBody>(http, ct);
        var errors = new InputErrors();
        var request = Read(body, errors);
        errors.ThrowIfAny();
        var dryRun = CommonParameters.DryRun.Of(http);
        return Answer(await create.ExecuteAsync(request, Caller.Of(http), dryRun, CancellationToken.None), dryRun, time);
    }

    private static async Task<IResult> RotateAsync(string id, HttpContext http, RevokeKeys revoke, TimeProvider time, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<RotateKeyBody>(http, ct);
        var errors = new InputErrors();
        var overlap = Duration(body.Overlap, "overlap", "invalid_overlap", errors);
        var expiresIn = Duration(body.ExpiresIn, "expiresIn", "invalid_expiry", errors);
        errors.ThrowIfAny();
        var dryRun = CommonParameters.DryRun.Of(http);
        return await revoke.RotateAsync(id, overlap, expiresIn, Caller.Of(http), dryRun, CancellationToken.None) is { } created
            ? Answer(created, dryRun, time)
            : Problems.NotFound("key", id);
    }

    private static async Task<IResult> RevokeAsync(string id, HttpContext http, RevokeKeys revoke, TimeProvider time, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<ControlBody>(http, ct);
        return await revoke.ExecuteAsync(id, body.Reason, Caller.Of(http), CancellationToken.None) is { } key
            ? Results.Json(Show(key, time.GetUtcNow()), FleetJson.Payload)
            : Problems.NotFound("key", id);
    }

    private static KeyRequest Read(CreateKeyBody body, InputErrors errors)
    {
        var request = new KeyRequest(body.Name, body.Role, body.Lanes, Duration(body.ExpiresIn, "expiresIn", "invalid_expiry", errors));
        KeyRules.Check(request, errors);
        return request;
    }

    private static TimeSpan? Duration(string? text, string field, string code, InputErrors errors)
    {
        if (text is null)
            return null;
        if (Durations.TryParse(text, out var value))
            return value;
        errors.Add(RunRules.Invalid(code, field, text, Durations.Allowed));
        return null;
    }

    private static IResult Answer(CreatedKey created, bool dryRun, TimeProvider time) => Results.Json(
        new CreatedKeyView { Text = dryRun ? null : created.Text.Text, Key = Show(created.Key, time.GetUtcNow()) },
        FleetJson.Payload, statusCode: dryRun ? StatusCodes.Status200OK : StatusCodes.Status201Created);

    private static KeyView Show(ApiKey key, DateTimeOffset now) => new()
    {
        Id = key.Id,
        Name = key.Name,
        Role = key.Role,
        Lanes = KeyRules.FromRow(key.Lanes),
        State = key.RevokedAt is not null ? "revoked" : key.IsValid(now) ? "valid" : "expired",
        CreatedAt = key.CreatedAt,
        CreatedBy = key.CreatedBy?.ToView(),
        ExpiresAt = key.ExpiresAt,
        LastUsedAt = key.LastUsedAt,
        RevokedAt = key.RevokedAt,
        RevokedBy = key.RevokedBy?.ToView(),
        RotatedFrom = key.RotatedFrom,
    };
}
