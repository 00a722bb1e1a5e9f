using System.Text.RegularExpressions;
using Fleet.Api.Contract;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Access;

/// <summary>A route of the API with a request that it takes.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">With examples in place of its parameters.</param>
/// <param name="Body">An example; null for none.</param>
/// <param name="Contract">What it declares.</param>
internal sealed partial record Route(string Method, string Path, string? Body, EndpointContract Contract)
{
    /// <summary>All routes that are mapped, so that none can be forgotten.</summary>
    public static IReadOnlyList<Route> All(EmbeddedFleet fleet) =>
    [
        .. from endpoint in fleet.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           let contract = endpoint.Metadata.GetMetadata<EndpointContract>()
           where contract is not null
           let pattern = endpoint.RoutePattern.RawText!
           from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
           select new Route(
               method,
               Parameter().Replace(pattern, match => Uri.EscapeDataString(
                   contract.Parameters.Single(p => p.Name == match.Groups["name"].Value).Example!)),
               contract.Body?.Example,
               contract),
    ];

    public override string ToString() => $"{Method} {Path}";

    [GeneratedRegex(@"\{\**(?<name>\w+)[^}]*\}", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();
}
