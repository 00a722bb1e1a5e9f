using System.Globalization;
using System.Text.Json;
using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Access;

/// <summary>The audit: who changed what. Nothing changes it.</summary>
internal static class AuditEndpoints
{
    private const int DefaultLimit = 50;

    private static readonly TextParameter Action = new("action", "The action, or its beginning, such as `lane.`.") { Example = "lane." };

    private static readonly TextParameter Target = new("target", "The id or name of the thing that was changed.") { Example = "mail" };

    private static readonly InstantParameter Since = new("since", "Not before this instant.");

    private static readonly InstantParameter Until = new("until", "Before this instant.");

    private static readonly NumberParameter Cursor = new("cursor", "`next` of the page before.", 1, long.MaxValue);

    private static readonly NumberParameter Limit = CommonParameters.Limit(DefaultLimit);

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/audit", ListAsync).Declare(new("listAudit", "Lists the changes that somebody made, the newest first.")
        {
            Permission = Permission.Administer,
            Parameters = [Action, Target, Since, Until, Cursor, Limit],
            Answers = [AnswerContract.Of<Page<AuditView>>("The changes.")],
        });

    private static async Task<IResult> ListAsync(HttpContext http, GetAudit get, CancellationToken ct)
    {
        var limit = Limit.Of(http);
        var filter = new AuditFilter
        {
            Action = Action.Find(http),
            Target = Target.Find(http),
            Since = Since.Find(http),
            Until = Until.Find(http),
            Before = Cursor.Find(http),
        };
        var entries = await get.ListAsync(filter, limit, ct);
        return Results.Json(
            new Page<AuditView>
            {
                Items = [.. entries.Select(Show)],
                Next = entries.Count == limit ? entries[^1].Id.ToString(CultureInfo.InvariantCulture) : null,
            },
            FleetJson.Payload);
    }

    private static AuditView Show(AuditEntry entry) => new()
    {
        Id = entry.Id,
        At = entry.At,
        By = entry.By.ToView(),
        OnBehalfOf = entry.OnBehalfOf,
        Way = entry.Way,
        KeyId = entry.KeyId,
        Subject = entry.Subject,
        Action = entry.Action,
        Target = entry.Target,
        Before = Read(entry.Before),
        After = Read(entry.After),
        Reason = entry.Reason,
    };

    private static JsonElement? Read(string? json) => json is null ? null : StoredJson.Read(json);
}
