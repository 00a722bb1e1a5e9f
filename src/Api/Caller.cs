using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>Who calls, as far as known: what the caller says in the header <c>X-Fleet-User</c>. It is written down, not trusted.</summary>
internal static class Caller
{
    public const string Header = "X-Fleet-User";

    private const int Longest = 128;

    /// <returns><c>api</c> when the caller does not say.</returns>
    /// <exception cref="InvalidRunException">The name is too long or not printable.</exception>
    public static string Of(HttpContext http)
    {
        var name = http.Request.Headers[Header].ToString().Trim();
        if (name.Length == 0)
            return "api";
        return name.Length <= Longest && !name.Any(char.IsControl)
            ? name
            : throw new InvalidRunException(RunRules.Invalid("invalid_user", Header, name, $"up to {Longest} printable characters"));
    }
}
