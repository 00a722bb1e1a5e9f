using Fleet.Core.Rules;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Contract;

/// <summary>Checks requests by the contracts of their endpoints: one place for all of them, so that none forgets.</summary>
internal static class EndpointRules
{
    /// <summary>Checks a request before its endpoint handles it.</summary>
    /// <exception cref="InvalidRunException">Something is not taken; names all of it.</exception>
    public static async Task CheckAsync(HttpContext http, RequestDelegate next)
    {
        var contract = EndpointContract.Of(http);
        Deprecation.Tell(http, contract);
        var errors = new InputErrors();
        CheckQuery(http.Request.Query, contract.Query, errors);
        foreach (var parameter in contract.Parameters)
        {
            if (!errors.Has(parameter.Name))
                errors.Add(parameter.Check(http));
        }

        if (contract.Body is null)
            errors.Add(await RequestBody.RefuseAnyAsync(http));
        else if (!errors.AreNone)
            await RequestBody.CheckAsync(http, contract.Body, errors);
        errors.ThrowIfAny();
        await next(http);
    }

    /// <summary>Checks what holds for the query of every endpoint.</summary>
    private static void CheckQuery(IQueryCollection query, IReadOnlyList<string> known, InputErrors errors)
    {
        foreach (var (name, values) in query)
        {
            var shown = name.Length == 0 ? "(empty name)" : RunRules.Show(name);
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                var hint = Nearest.Hint(name, known, none: "there are none here.");
                errors.Add(new InputError(
                    "unknown_parameter", shown, $"{shown}: there is no such parameter; {hint}", null, string.Join(", ", known)));
            }
            else if (values.Count > 1)
            {
                errors.Add(new InputError("duplicate_parameter", shown, $"{shown}: it is given more than once.", null, "once"));
            }
        }
    }
}
