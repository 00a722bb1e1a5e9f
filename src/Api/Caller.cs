using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>The actor of a request. Every endpoint that changes something asks here and nowhere else. A credential says who it is; then the
/// person in the header is somebody for whom the caller says that it acts. Without access, the headers alone say it.</summary>
internal static class Caller
{
    /// <summary>The name of a person, as the caller gives it. It is recorded but not verified.</summary>
    public const string Header = "X-Fleet-User";

    /// <summary>The name of a program. It counts if there is no person.</summary>
    public const string ProgramHeader = "X-Fleet-Program";

    private const string Unnamed = "api";

    /// <summary>The name of the program <c>fleet</c>.</summary>
    private const string CliProgram = "fleet";

    /// <returns>A person with the name in the one header, else a program with the name in the other; without both, the program <c>api</c>.
    /// The address is the remote IP address of the connection.</returns>
    /// <exception cref="InvalidRunException">A name is too long or not printable, or there are two.</exception>
    public static Actor Of(HttpContext http)
    {
        var address = AddressOf(http);
        var person = Read(http, Header, ActorKind.Person, address);
        var program = Read(http, ProgramHeader, ActorKind.Program, address);
        var who = http.Features.Get<Principal>() ?? Principal.Anyone;
        var actor = who.IsProven
            ? Actor.Create(who.Kind, who.Name, address)
            : person ?? program ?? Actor.Create(ActorKind.Program, Unnamed, address);
        var way = who.SessionId is not null ? Way.Page : program?.Name == CliProgram ? Way.Cli : Way.Api;
        return actor with
        {
            Via = new Via(way, who.KeyId, who.IsProven ? person?.Name : null)
            {
                Subject = who.Subject,
                Lanes = who.Lanes,
                Administers = who.Role.May(Permission.Administer),
                OwnsRuns = !who.Role.May(Permission.View),
            },
        };
    }

    private static Actor? Read(HttpContext http, string header, ActorKind kind, string? address)
    {
        var given = http.Request.Headers[header];
        var name = given.ToString().Trim();
        if (name.Length == 0)
            return null;
        return given.Count == 1 && Actor.TryCreate(kind, name, address, out var actor)
            ? actor
            : throw new InvalidRunException(
                RunRules.Invalid("invalid_user", header, name, $"up to {Actor.MaxName} printable characters"));
    }

    /// <summary>Null for a request that came without a network, as in tests.</summary>
    private static string? AddressOf(HttpContext http) => http.Connection.RemoteIpAddress switch
    {
        null => null,
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        var address => address.ToString(),
    };
}
