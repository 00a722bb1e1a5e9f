using System.Runtime.InteropServices;
using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Checks;

internal static class GetVersionEndpoints
{
    private const string Api = "v1";

    private static readonly (string Version, string? Commit) Own = ProgramVersion.Of(typeof(GetVersionEndpoints).Assembly);

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/version", Get).Declare(new("getVersion", "Says which version of Fleet answers, and what time it is there.")
        {
            Permission = Permission.Any,
            Bound = BoundAnswer.Everything,
            Description = "It asks neither the database nor the broker, so it answers while they are away.",
            Answers = [AnswerContract.Of<VersionView>("The version.")],
        });

    private static IResult Get(TimeProvider time) => Results.Json(
        new VersionView
        {
            Version = Own.Version,
            Commit = Own.Commit,
            Api = Api,
            Runtime = RuntimeInformation.FrameworkDescription,
            Now = time.GetUtcNow(),
        },
        FleetJson.Payload);
}
