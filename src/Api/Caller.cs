using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>The actor of a request. Every endpoint that changes something asks here and nowhere else, so that a later feature can take the
/// actor from a credential in one place.</summary>
internal static class Caller
{
    /// <summary>The name of a person, as the caller gives it. It is recorded but not verified.</summary>
    public const string Header = "X-Fleet-User";

    /// <summary>The name of a program. It counts if there is no person.</summary>
    public const string ProgramHeader = "X-Fleet-Program";

    private const string Unnamed = "api";

    /// <returns>A person with the name in the one header, else a program with the name in the other; without both, the program <c>api</c>.
    /// The address is the remote IP address of the connection.</returns>
    /// <exception cref="InvalidRunException">A name is too long or not printable, or there are two.</exception>
    public static Actor Of(HttpContext http)
    {
        var address = AddressOf(http);
        return Read(http, Header, ActorKind.Person, address)
            ?? Read(http, ProgramHeader, ActorKind.Program, address)
            ?? Actor.Create(ActorKind.Program, Unnamed, address);
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
