using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Access;

internal static class WhoAmIEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/whoami", Get).Declare(new("whoAmI", "Tells who makes the request, and what they may do.")
        {
            Permission = Permission.Any,
            Bound = BoundAnswer.Everything,
            Answers = [AnswerContract.Of<WhoAmIView>("Who it is.")],
        });

    /// <summary>Who it is, as the API shows it.</summary>
    public static WhoAmIView Show(Principal who) => new()
    {
        Name = who.Name,
        Kind = who.Kind.ToWord(),
        Role = who.Role.ToWord(),
        Permissions = [.. Roles.PermissionsOf(who.Role).Where(p => p is not (Permission.None or Permission.Any)).Select(p => p.ToWord())],
        Lanes = who.Lanes,
        ProvenBy = !who.IsProven ? null : who.KeyId is not null ? "key" : who.Subject is not null ? "oidc" : "program",
        KeyId = who.KeyId,
        Subject = who.Subject,
        SessionId = who.SessionId,
        ExpiresAt = who.ExpiresAt,
        IsProven = who.IsProven,
    };

    private static IResult Get(HttpContext http) => Results.Json(Show(Admission.PrincipalOf(http)), FleetJson.Payload);
}
