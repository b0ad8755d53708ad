#include "base/list.h"
#include "test/support/unit.h"

typedef struct item {
  int v;
  weft_list node;
} item;

static int sum_in_order(const weft_list *head) {
  int v = 0;
  for (const weft_list *n = head->next; n != head; n = n->next) v = v * 10 + WEFT_LIST_ITEM(n, const item, node)->v;
  return v;
}

START_TEST(order_of_pushes_and_removals) {
  weft_list head;
  item a = {.v = 1}, b = {.v = 2}, c = {.v = 3}, d = {.v = 4};
  weft_list_init(&head);
  ck_assert(weft_list_empty(&head));
  weft_list_push_back(&head, &a.node);
  weft_list_push_back(&head, &b.node);
  weft_list_push_front(&head, &c.node);
  ck_assert_int_eq(sum_in_order(&head), 312);
  weft_list_insert_before(&b.node, &d.node);
  ck_assert_int_eq(sum_in_order(&head), 3142);
  weft_list_remove(&a.node);
  ck_assert_int_eq(sum_in_order(&head), 342);
  ck_assert(weft_list_empty(&a.node));
  weft_list_remove(&a.node); /* twice does no harm */
  weft_list_remove(&c.node);
  weft_list_remove(&b.node);
  weft_list_remove(&d.node);
  ck_assert(weft_list_empty(&head));
  ck_assert_ptr_eq(head.prev, &head);
}
END_TEST

Suite *test_base_list(void) {
  static const unit_test tests[] = {
      UNIT(order_of_pushes_and_removals),
  };
  return unit_suite("base/list", tests, sizeof tests / sizeof tests[0]);
}
