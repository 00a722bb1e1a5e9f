using System.Text.Json;
using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Rules;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api.Views;

/// <summary>Saved views: queries for runs under a name. A view that is not shared is there for its owner only.</summary>
internal static class SavedViewsEndpoints
{
    private static readonly TextParameter Name = new("name", "The name of the view.")
    {
        Place = ParameterPlace.Path,
        MaxLength = 128,
        Pattern = CommonParameters.NamePattern,
        Example = "failed-mails",
    };

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/views", ListAsync).Declare(new("listViews", "Lists the saved views: the shared ones and the caller's own.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Everything,
            Parameters = CommonParameters.Caller,
            Answers = [AnswerContract.Of<Page<SavedViewView>>("The views, by name.")],
        });
        api.MapGet("/views/{name}", GetAsync).Declare(new("getView", "Shows a saved view.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Everything,
            Parameters = [Name, CommonParameters.Known, .. CommonParameters.Caller],
            Answers = [AnswerContract.OfTagged<SavedViewView>("The view.")],
            Problems = ["not_found"],
        });
        api.MapPut("/views/{name}", PutAsync).Declare(new("putView", "Saves a query for runs under a name, or changes what is saved.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Everything,
            Description = "The body is the whole view: what it leaves out gets its default. Whoever saves it first is its owner. A view "
                + "that is not shared is there for its owner only, but its name is taken for all. One that is shared is changed by its "
                + "owner or an admin.",
            Parameters = [Name, CommonParameters.IfMatch, CommonParameters.IfNoneMatch],
            Body = BodyContract.Of<PutViewBody>(
                """{"query":"state:failed lane:mail","columns":["id","job","finishedAt"],"sort":"-finishedAt","shared":true}""",
                CheckAsync),
            Answers =
            [
                AnswerContract.OfTagged<SavedViewView>("The view was changed."),
                AnswerContract.OfTagged<SavedViewView>("The view is new.", StatusCodes.Status201Created),
            ],
            Problems = ["invalid_name", .. Runs.RunTerms.Codes, "unknown_column", "invalid_columns", "view_taken", "view_of_another",
                "precondition_required"],
        });
        api.MapDelete("/views/{name}", DeleteAsync).Declare(new("deleteView", "Deletes a saved view.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Everything,
            Parameters = [Name, CommonParameters.IfMatch, CommonParameters.IfNoneMatch],
            Answers = [AnswerContract.Empty("The view is deleted.")],
            Problems = ["not_found", "view_of_another", "precondition_required"],
        });
    }

    private static async Task<IResult> ListAsync(HttpContext http, GetViews get, CancellationToken ct) => Results.Json(
        new Page<SavedViewView> { Items = [.. (await get.ListAsync(Caller.Of(http), ct)).Select(ToView)] }, FleetJson.Payload);

    private static async Task<IResult> GetAsync(string name, HttpContext http, GetViews get, CancellationToken ct) =>
        await FindAsync(get, name, http, ct) is { } view ? view.Show(http) : Problems.NotFound("view", name);

    private static async Task<IResult> PutAsync(string name, HttpContext http, PutViews put, GetViews get, CancellationToken ct)
    {
        var expected = Preconditions.Read(http);
        var body = await RequestBody.ReadAsync<PutViewBody>(http, ct);
        var request = ToRequest(name, body);
        return await Preconditions.AnsweringAsync(
            async () =>
            {
                var isNew = await put.ExecuteAsync(request, Caller.Of(http), expected, CancellationToken.None);
                // Deleted by somebody else in this very moment: what was put is gone.
                return await FindAsync(get, name, http, ct) is { } view
                    ? view.Show(http, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK)
                    : Problems.NotFound("view", name);
            },
            http,
            () => FindAsync(get, name, http, ct));
    }

    private static ValueTask CheckAsync(HttpContext http, PutViewBody body, InputErrors errors) =>
        http.RequestServices.GetRequiredService<PutViews>().CheckAsync(ToRequest(Name.Of(http), body), errors, http.RequestAborted);

    private static ViewRequest ToRequest(string name, PutViewBody body) =>
        new(name, body.Query ?? "", body.Columns, body.Sort, body.Shared ?? false);

    private static async Task<IResult> DeleteAsync(
        string name, HttpContext http, DeleteViews delete, GetViews get, CancellationToken ct)
    {
        var expected = Preconditions.Read(http);
        return await Preconditions.AnsweringAsync(
            async () => await delete.ExecuteAsync(name, Caller.Of(http), expected, CancellationToken.None)
                ? Results.NoContent()
                : Problems.NotFound("view", name),
            http,
            () => FindAsync(get, name, http, ct));
    }

    private static async Task<Tagged?> FindAsync(GetViews get, string name, HttpContext http, CancellationToken ct) =>
        await get.FindAsync(name, Caller.Of(http), ct) is { } view ? new Tagged(ToView(view), view.EditVersion()) : null;

    private static SavedViewView ToView(SavedView view) => new()
    {
        Name = view.Name,
        Query = view.Query,
        Columns = view.Columns is { } columns ? JsonSerializer.Deserialize<string[]>(columns) : null,
        Sort = view.Sort,
        Shared = view.Shared,
        Owner = view.Owner?.ToView(),
        CreatedAt = view.CreatedAt,
        ChangedAt = view.ChangedAt,
        ChangedBy = view.ChangedBy?.ToView(),
        Version = view.EditVersion(),
    };
}
