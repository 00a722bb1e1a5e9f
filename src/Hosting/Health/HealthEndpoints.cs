using System.Text.Json.Serialization;
using Fleet.Api.Access;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fleet.Hosting.Health;

/// <summary>Health per component, with how long each took to answer.</summary>
/// <param name="Status"><c>UP</c>, <c>DEGRADED</c> or <c>DOWN</c>.</param>
/// <param name="Components">The components; null for a caller who may not see them.</param>
public sealed record HealthView(
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, ComponentView>? Components);

/// <summary>One component.</summary>
/// <param name="Status"><c>UP</c>, <c>DEGRADED</c> or <c>DOWN</c>.</param>
/// <param name="ResponseMs">In milliseconds.</param>
/// <param name="Description">What is wrong.</param>
public sealed record ComponentView(string Status, double ResponseMs, string? Description);

internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        // A probe sends no credential, and so gets the word alone.
        // Alive is who answers at all; a dead database is no reason to restart a process.
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    private static async Task WriteAsync(HttpContext http, HealthReport report)
    {
        var seesAll = await http.RequestServices.GetRequiredService<HealthDetails>().MaySeeAsync(http);
        await http.Response.WriteAsJsonAsync(
            new HealthView(
                Word(report.Status),
                seesAll
                    ? report.Entries.ToDictionary(
                        e => e.Key,
                        e => new ComponentView(
                            Word(e.Value.Status), Math.Round(e.Value.Duration.TotalMilliseconds, 1), e.Value.Description),
                        StringComparer.Ordinal)
                    : null),
            FleetJson.Payload);
    }

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "UP",
        HealthStatus.Degraded => "DEGRADED",
        _ => "DOWN",
    };
}

