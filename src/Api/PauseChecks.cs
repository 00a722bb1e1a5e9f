using Fleet.Client;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api;

/// <summary>Checks the end of a pause, of a schedule or a lane.</summary>
internal static class PauseChecks
{
    /// <summary>Finds what is wrong with a body.</summary>
    public static ValueTask CheckAsync(HttpContext http, PauseBody body, InputErrors errors)
    {
        Read(http, body, errors);
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads the end of a pause; null if it has none.</summary>
    /// <exception cref="InvalidRunException">It is no instant to come.</exception>
    public static DateTimeOffset? Read(HttpContext http, PauseBody body)
    {
        var errors = new InputErrors();
        var until = Read(http, body, errors);
        errors.ThrowIfAny();
        return until;
    }

    private static DateTimeOffset? Read(HttpContext http, PauseBody body, InputErrors errors)
    {
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        errors.Add(RunRules.TryReadInstant(body.Until, "until", out var until));
        // With the value as it was sent: the verbs know only the instant.
        if (until <= now)
            errors.Add(RunRules.Invalid("invalid_instant", "until", body.Until, "an instant to come"));
        errors.Add(RunRules.CheckAhead("until", until, now));
        return until;
    }
}
